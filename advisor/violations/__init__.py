"""What the topics hold of violations, for a person's command: which of them stand, and how often an edge was told."""
