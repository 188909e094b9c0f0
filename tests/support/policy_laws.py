"""Laws 1 and 2 of the design, checked on YAML: what was seen is admitted, near misses are refused or stated.

Written apart from `synthesizer.proof` on purpose: it looks at the windows, not at the evidence, and reads what is
stated from the suggestion's own sentences.
"""

import re
from dataclasses import replace
from ipaddress import ip_address, ip_network

from schemas.records import (
    ApiServerPeer,
    ExternalPeer,
    NodePeer,
    Protocol,
    Role,
    UnresolvedPeer,
    WorkloadPeer,
)
from synthesizer.evaluator.decide import egress, ingress
from synthesizer.evaluator.model import Connection, Outside, Pod
from synthesizer.evaluator.reader import read_policies

METADATA = "169.254.169.254"
PRIVATE = [
    ip_network(one)
    for one in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "fc00::/7",
        "fe80::/10",
    )
]


def speaks_of(edge):
    """Whether a NetworkPolicy can speak of the edge at all."""
    match edge.peer:
        case UnresolvedPeer() | ExternalPeer("169.254.169.254"):
            return False
        case NodePeer(own=True):
            return edge.role is Role.CLIENT
        case WorkloadPeer(workload):
            return edge.role is not Role.UNKNOWN and bool(workload.selector) and not workload.host_network
        case _:
            return edge.role is not Role.UNKNOWN


def turned(edge):
    """The same between the same two, as a connection the other way."""
    return replace(edge, role={Role.CLIENT: Role.SERVER, Role.SERVER: Role.CLIENT}.get(edge.role, edge.role))


def seen_by(windows, subject):
    """The subject's established edges that a policy can speak of; one to itself has both of its ends there."""
    found = [edge for one in windows if one.workload.ref == subject.ref for edge in one.edges]
    found += [turned(edge) for edge in found if edge.peer == WorkloadPeer(subject)]
    return [edge for edge in found if edge.established and speaks_of(edge) and edge.role is not Role.UNKNOWN]


def admits(policies, subject, edge):
    """What the evaluator says to the edge, at the subject's end."""
    own, peer = Pod(subject.namespace, "own", subject.selector), end_of(edge.peer)
    if edge.role is Role.CLIENT:
        return egress(policies, Connection(own, peer, edge.protocol, edge.port)).allowed
    return ingress(policies, Connection(peer, own, edge.protocol, edge.port)).allowed


def end_of(peer):
    """The peer as the evaluator knows it."""
    if isinstance(peer, WorkloadPeer):
        return Pod(peer.workload.namespace, "peer", peer.workload.selector)
    return Outside(peer.address)


def check_laws(windows, subject, policy, stated):
    """Raises AssertionError where the policy of the subject breaks law 1 or law 2."""
    seen = seen_by(windows, subject)
    assert policy or not seen or not subject.selector, "no policy for edges that a policy can speak of"
    if not policy:
        return
    policies = read_policies(policy)
    refused = [edge for edge in seen if not admits(policies, subject, edge)]
    assert not refused, f"observed but refused: {refused}"
    for miss in near_misses(seen, windows):
        if admits(policies, subject, miss):
            assert was_seen(miss, seen) or is_stated(miss, seen, stated), (
                f"admitted but neither seen nor stated: {miss}"
            )


def near_misses(seen, windows):
    """Edges that differ in one thing from one that was seen; other peers are those of the same cluster."""
    others = {edge.peer for one in windows for edge in one.edges if not isinstance(edge.peer, UnresolvedPeer)}
    others |= {WorkloadPeer(one.workload) for one in windows}
    for edge in seen:
        yield turned(edge)
        yield from (replace(edge, port=port) for port in {edge.port + 1, 443, 80, 8080, 53, 5353} - {edge.port})
        yield from (replace(edge, protocol=protocol) for protocol in set(Protocol) - {edge.protocol})
        yield from (replace(edge, peer=peer) for peer in {*others, *changed(edge.peer)} - {edge.peer})


def changed(peer):
    """The peer with another namespace, other labels, or the address beside it."""
    if not isinstance(peer, WorkloadPeer):
        yield ExternalPeer(str(type(ip_address(peer.address))(int(ip_address(peer.address)) ^ 1)))
        yield ExternalPeer(METADATA)
        return
    one = peer.workload
    for namespace in ("shop", "bank", "elsewhere"):
        yield WorkloadPeer(replace(one, namespace=namespace))
    yield WorkloadPeer(replace(one, selector=tuple((key, f"{value}x") for key, value in one.selector)))
    yield WorkloadPeer(replace(one, selector=()))


def was_seen(miss, seen):
    """Whether the edge, or one that no selector can tell from it, was seen."""
    return any(
        (edge.role, edge.protocol, edge.port) == (miss.role, miss.protocol, miss.port) and alike(edge.peer, miss.peer)
        for edge in seen
    )


def alike(known, peer):
    """Whether naming `known` also names `peer`."""
    match known, peer:
        case WorkloadPeer(one), WorkloadPeer(other):
            return one.namespace == other.namespace and set(one.selector) <= set(other.selector)
        case ((ExternalPeer() | NodePeer() | ApiServerPeer()), (ExternalPeer() | NodePeer() | ApiServerPeer())):
            return ip_address(known.address) == ip_address(peer.address)
        case _:
            return False


def is_stated(miss, seen, stated):
    """Whether a sentence of the suggestion speaks of the edge."""
    dns = [
        edge
        for edge in seen
        if edge.protocol is Protocol.UDP
        and edge.role is miss.role
        and edge.port == miss.port
        and alike(edge.peer, miss.peer)
        and 53 in {edge.port, *(service.port for service in edge.services)}
    ]
    if dns and miss.protocol is Protocol.TCP:
        return any(f": TCP {miss.port} beside UDP {miss.port}" in text for text in stated)
    way = "egress" if miss.role is Role.CLIENT else "ingress"
    if f"{way} is not isolated: all of it is admitted" in stated:
        return True
    wanted = re.compile(rf"{way} (to|from) external addresses on {miss.protocol.value} {miss.port}: all of (.*)")
    named = [match[2] for text in stated if (match := wanted.fullmatch(text))]
    return not isinstance(miss.peer, WorkloadPeer) and any(
        in_words(ip_address(miss.peer.address), one) for one in named
    )


def in_words(address, text):
    """Whether `203.0.113.0/24 but 203.0.113.7/32, ...` speaks of the address."""
    for part in text.split(", "):
        cidr, _, but = part.partition(" but ")
        excepted = [ip_network(one) for one in but.split() if "/" in one]
        if "private" in but:
            excepted = PRIVATE
        if address in ip_network(cidr) and not any(address in one for one in excepted):
            return True
    return False
