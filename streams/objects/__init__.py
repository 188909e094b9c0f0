"""Kubernetes objects as the inventory keeps them, and the facts of the cluster that follow from them."""
