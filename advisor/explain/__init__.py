"""What each rule of a suggested policy rests on: the observed edges it admits, and what it admits beyond them. Pure."""
