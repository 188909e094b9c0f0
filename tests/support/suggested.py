"""Suggestions of a small shop, and their records as `synthesize` publishes them."""

from shop import deployment, shop
from small_worlds import WINDOW_MS, window

from schemas.dead_letters import RawRecord
from schemas.framing import Writer
from schemas.records import Edge, ExternalPeer, PolicySuggestion, Protocol, Role, ServiceRef, WorkloadPeer
from schemas.topics import POLICY_SUGGESTIONS
from synthesizer.offline import suggestions_of

WRITE = Writer(POLICY_SUGGESTIONS.name, PolicySuggestion)


def suggestions(workloads=4, windows=2):
    """One of each workload, sorted."""
    return suggestions_of(shop(workloads, windows))


def record(suggestion, offset=0, value=None):
    """The suggestion as a record; with other bytes if they are given."""
    return raw(suggestion.key, WRITE(suggestion) if value is None else value, offset)


def tombstone(suggestion, offset=0):
    """The record that withdraws it."""
    return raw(suggestion.key, None, offset)


def raw(key, value, offset=0):
    """Any record."""
    return RawRecord("netpol.policy-suggestions", 0, offset, key.encode(), value)


def asked_cart():
    """Windows of a workload with DNS through a Service, a client seen from one end, and an address outside."""
    subject, dns = deployment(1), WorkloadPeer(deployment(2))
    service = (ServiceRef("kube-system", "dns", 53),)
    return [
        window(
            subject,
            start,
            [
                Edge(Role.CLIENT, dns, Protocol.UDP, 53, 7, 7, 0, 0, start + 5, start + 900, services=service),
                Edge(Role.SERVER, WorkloadPeer(deployment(4)), Protocol.TCP, 8080, 3, 0, 0, 2, start + 6, start + 800),
                Edge(Role.CLIENT, ExternalPeer("203.0.113.7"), Protocol.TCP, 443, 1, 0, 0, 0, start + 7, start + 7),
            ],
        )
        for start in (0, WINDOW_MS)
    ]
