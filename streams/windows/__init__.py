"""Edges to windows of event time: `netpol.workload-edges` to `netpol.workload-windows`."""
