"""Addresses to workloads, workloads to windows: everything between `netpol.connections` and `netpol.workload-windows`.

What belongs here: the inventory, who held an address at a time, enrichment, event-time windows, and the Faust worker
that runs them. What may never enter: how a connection was seen (collector), and what a policy says (synthesizer).
"""
