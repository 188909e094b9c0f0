"""Connections of nodes to edges of workloads: `netpol.connections` to `netpol.workload-edges`."""
