"""What the policies in force say to an edge, at the workload's own end.

The other end's policies are asked in the other workload's window. Pods are those of the inventory, with all of their
labels; where they differ in labels that a policy looks at, a refusal of one of them is a refusal.
"""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Final, assert_never

from schemas.records import (
    ApiServerPeer,
    Edge,
    ExternalPeer,
    Labels,
    NodePeer,
    Role,
    UnresolvedPeer,
    Verdict,
    Workload,
    WorkloadPeer,
)
from synthesizer.evaluator.decide import egress, ingress
from synthesizer.evaluator.model import Connection, End, Outside, Pod, PodPort, Policy
from synthesizer.inventory.world import World, alive_at

_UNKNOWN: Final = Verdict(allowed=True, rule="the policies in force are not known: there is no complete inventory")
_NO_POLICY: Final = Verdict(allowed=True, rule="no policy is in force in its namespace")
_OWN_NODE: Final = Verdict(allowed=True, rule="Kubernetes always admits the pod's own node")
_HOST: Final = Verdict(allowed=True, rule="the peer uses its node's network, and no address of it is known")


def deployed(subject: Workload, edge: Edge, world: World) -> Verdict:
    """What the policies say that were in force when the edge was last seen, as far as the inventory still knows."""
    if not world.watermark:
        return _UNKNOWN
    policies = world.policies(subject.namespace, edge.last_seen)
    if not policies:
        return _NO_POLICY
    if isinstance(edge.peer, NodePeer) and edge.peer.own and edge.role is Role.SERVER:
        return _OWN_NODE
    seen = _Seen(policies)
    verdicts = [
        _judged(policies, edge, own, peer, world)
        for own, peer in product(_pods(subject, "subject", edge, world, seen), _peers(edge, world, seen))
    ]
    return min(verdicts, key=lambda verdict: (verdict.allowed, not verdict.policy), default=_HOST)


class _Seen:
    """The labels and named ports that some policy looks at: pods that differ in others are as one."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        rules = [rule for one in policies for rule in (*(one.ingress or ()), *(one.egress or ()))]
        selectors = [one.pods for one in policies] + [peer.pods or () for rule in rules for peer in rule.peers]
        self._keys = {requirement.key for selector in selectors for requirement in selector}
        self._names = {port.port for rule in rules for port in rule.ports if isinstance(port.port, str)}

    def labels(self, labels: Labels) -> Labels:
        return tuple(sorted(label for label in labels if label[0] in self._keys))

    def ports(self, ports: Iterable[PodPort]) -> tuple[PodPort, ...]:
        return tuple(port for port in ports if port.name in self._names)


def _judged(policies: Sequence[Policy], edge: Edge, own: Pod, peer: End, world: World) -> Verdict:
    if edge.role is Role.CLIENT:
        return egress(policies, Connection(own, peer, edge.protocol, edge.port), world.namespace_labels())
    return ingress(policies, Connection(peer, own, edge.protocol, edge.port), world.namespace_labels())


def _peers(edge: Edge, world: World, seen: _Seen) -> Sequence[End]:
    match edge.peer:
        case WorkloadPeer(workload) if workload.host_network:
            pods = alive_at(world.pods(workload.ref), edge.last_seen)
            return [Outside(address) for address in sorted({ip for pod in pods for ip in pod.host_ips})]
        case WorkloadPeer(workload):
            return _pods(workload, "peer", edge, world, seen)
        case NodePeer(address=address) | ApiServerPeer(address) | ExternalPeer(address):
            return [Outside(address)]
        case UnresolvedPeer():
            return []
        case _:
            assert_never(edge.peer)


def _pods(workload: Workload, name: str, edge: Edge, world: World, seen: _Seen) -> list[Pod]:
    known = alive_at(world.pods(workload.ref), edge.last_seen)
    kinds = {(seen.labels(pod.labels), seen.ports(pod.ports)) for pod in known}
    if not kinds:
        kinds = {(seen.labels(world.template(workload.ref) or workload.selector), ())}
    by_text = sorted(kinds, key=str)
    return [Pod(workload.namespace, name, labels, ports=ports) for labels, ports in by_text]
