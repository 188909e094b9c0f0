"""A policy's YAML held against what was seen: all of it admitted, all near misses refused or stated.

The judge is the evaluator, which shares no code with the inference; that a generalisation is stated is checked here.
"""

from collections.abc import Iterable, Sequence
from ipaddress import ip_network
from typing import Final, assert_never

from schemas.records import EdgeEvidence, Proof, Role, Workload, WorkloadPeer
from synthesizer.evaluator.decide import egress, ingress
from synthesizer.evaluator.model import Connection, End, Outside, Pod, Policy
from synthesizer.evaluator.reader import read_policies
from synthesizer.inference.model import AnyPeer, BlockPeer, Direction, Generalisation, PodsPeer, Port
from synthesizer.near_misses import address_of, near_misses, observed_of

_EDGES_TRIED: Final = 200
"""Near misses of so many edges, evenly spread, bound the cost of a workload with thousands."""


def prove(subject: Workload, edges: Sequence[EdgeEvidence], beyond: Iterable[Generalisation], policy: str) -> Proof:
    """The policy of the subject held against its established edges that a policy can speak of; raises BadPolicy."""
    policies, stated = read_policies(policy), tuple(beyond)
    admitted = sum(admits(policies, subject, edge) for edge in edges)
    tried = edges[:: max(1, -(-len(edges) // _EDGES_TRIED))]
    misses = tuple(near_misses(tried, observed_of(edges)))
    passed = [miss for miss in misses if admits(policies, subject, miss)]
    covered = sum(any(covers(one, miss) for one in stated) for miss in passed)
    return Proof(len(edges), admitted, len(misses), len(misses) - len(passed), covered)


def flaw_of(proof: Proof) -> str:
    """What the proof shows to be wrong; empty if nothing is."""
    if proof.admitted < proof.observed:
        return f"the policy would refuse {proof.observed - proof.admitted} of {proof.observed} observed edges"
    if proof.refused + proof.covered < proof.near_misses:
        leaks = proof.near_misses - proof.refused - proof.covered
        return f"the policy would admit {leaks} of {proof.near_misses} edges that were not observed"
    return ""


def admits(policies: Iterable[Policy], subject: Workload, edge: EdgeEvidence) -> bool:
    """Whether the policies admit the edge at the subject's end; the other end is its own policy's affair."""
    judge = egress if edge.role is Role.CLIENT else ingress
    return judge(policies, connection_of(subject, edge)).allowed


def connection_of(subject: Workload, edge: EdgeEvidence) -> Connection:
    """The edge between a pod of the subject and its peer; raises ValueError if the role is not known."""
    own = Pod(subject.namespace, "subject", subject.selector)
    peer = _end(edge)
    match edge.role:
        case Role.CLIENT:
            return Connection(own, peer, edge.protocol, edge.port)
        case Role.SERVER:
            return Connection(peer, own, edge.protocol, edge.port)
        case Role.UNKNOWN:
            raise ValueError("an edge of unknown role is no connection")
        case _:
            assert_never(edge.role)


def covers(stated: Generalisation, edge: EdgeEvidence) -> bool:
    """Whether the generalisation speaks of the edge."""
    grant = stated.grant
    role = Role.SERVER if grant.direction is Direction.INGRESS else Role.CLIENT
    if role is not edge.role or not _covers_port(grant.port, edge):
        return False
    match grant.peer:
        case PodsPeer(namespace, labels):
            return isinstance(edge.peer, WorkloadPeer) and (
                edge.peer.workload.namespace == namespace and set(labels) <= set(edge.peer.workload.selector)
            )
        case BlockPeer():
            return _covers_address(grant.peer, edge)
        case AnyPeer():
            return True
        case _:
            assert_never(grant.peer)


def _covers_port(port: Port, edge: EdgeEvidence) -> bool:
    return port.protocol == edge.protocol.value and port.number <= edge.port <= (port.last or port.number)


def _covers_address(block: BlockPeer, edge: EdgeEvidence) -> bool:
    address = address_of(edge.peer)
    if address is None or address not in ip_network(block.cidr):
        return False
    return not any(address in ip_network(cidr) for cidr in block.excepted)


def _end(edge: EdgeEvidence) -> End:
    if isinstance(edge.peer, WorkloadPeer):
        workload = edge.peer.workload
        return Pod(workload.namespace, "peer", workload.selector)
    address = address_of(edge.peer)
    if address is None:
        raise ValueError(f"{edge.peer} is nobody to connect to")
    return Outside(str(address))
