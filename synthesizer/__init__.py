"""Windows to policies: evidence, rules, YAML, proof, files.

Here belongs what turns a workload's observed edges into one NetworkPolicy and says how sure it is. Nothing here reads
the kernel, the Kubernetes API or another of our programs; it imports `schemas` alone.
"""
