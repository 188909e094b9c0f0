"""How sure each suggestion is, what was lost lately, and how far the workers are behind; pure but for the reading."""
