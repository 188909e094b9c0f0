"""Who stood behind an address at a time, from the inventory alone.

May never enter: the Kubernetes API, and what is done with an answer.
"""
