"""NetworkPolicies read as Kubernetes reads them: what they admit, and which rule decided.

It judges what the inference makes, so it imports nothing of inference, simplify, render or evidence. Source of every
rule: the NetworkPolicy concept page and API reference of Kubernetes.
"""
