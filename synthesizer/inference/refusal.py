"""Why there can be no policy for a workload."""

from collections.abc import Sequence

from schemas.records import EdgeEvidence, NodePeer, Workload


def reason_of(workload: Workload, edges: Sequence[EdgeEvidence], expressible: Sequence[EdgeEvidence]) -> str:
    """The reason, one sentence; empty if there can be a policy."""
    if workload.host_network:
        return "its pods use the node's network (hostNetwork), where a NetworkPolicy has no effect"
    if not workload.selector:
        return (
            "its pods have no labels of their own that a policy could select, and an empty selector would take the "
            "whole namespace; give them a label"
        )
    if not edges:
        return "no established connection has been seen yet"
    if all(isinstance(edge.peer, NodePeer) and edge.peer.own for edge in edges) and not expressible:
        return "only its own node has connected to it (probes), which Kubernetes always admits; nothing else was seen"
    if not expressible:
        return "none of its connections can be written as a rule (see warnings), and a policy would refuse them all"
    return ""
