"""Kernel to topic: counts the connections of a node in the kernel and publishes them as `ConnectionBatch`es.

Belongs here: eBPF programs, what loads, drains and decodes them, and the way to `netpol.connections`.
May never enter: Kubernetes, names of workloads, anything of policies. Imports only `schemas`; bcc only in `probe`.
"""
