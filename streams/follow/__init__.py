"""Kubernetes to `netpol.inventory`: the one watcher of a cluster, or files instead of it.

May never enter: whose a connection was.
"""
