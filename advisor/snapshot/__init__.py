"""Every current suggestion as a file, and a commit of what changed; made to be run again and again, and killed."""
