"""What the topics hold of the suggestions, for a person's commands: read to the end of the moment, then done.

No group is joined, nothing is committed and nothing is written.
"""
