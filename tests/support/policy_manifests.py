"""NetworkPolicies as dicts, windows and edges, written short for tests of `verify` and `diff`."""

from small_worlds import window

from advisor.policies.files import stored_of, unique
from advisor.policies.model import PolicySet
from advisor.policies.observed import Gathering
from schemas.records import Edge, Protocol, Role, Workload, WorkloadPeer

WEB = Workload("shop", "Deployment", "web", (("app", "web"),))
CART = Workload("shop", "Deployment", "cart", (("app", "cart"),))
PAY = Workload("bank", "StatefulSet", "pay", (("app", "pay"),))


def manifest(name, app=None, namespace="shop", **spec):
    """A policy for the pods of an app; for all if there is none."""
    selector = {"matchLabels": {"app": app}} if app else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": selector, **spec},
    }


def pods(app, namespace=None):
    """An item of `from` or `to`."""
    found = {"podSelector": {"matchLabels": {"app": app}}}
    if namespace:
        found["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    return found


def policy_set(*manifests, source="policies"):
    """Manifests as a source has them."""
    return PolicySet(source, unique(stored_of(one, f"{source}, document {n}") for n, one in enumerate(manifests, 1)))


def edge(role, peer, port=80, count=1, protocol=Protocol.TCP, **more):
    """An edge as its own end saw it."""
    counts = {"client_count": 0, "server_count": 0, "unknown_count": 0, "attempts": 0}
    counts[f"{role.value.lower()}_count"] = count
    peer = WorkloadPeer(peer) if isinstance(peer, Workload) else peer
    return Edge(role, peer, protocol, port, **{**counts, "first_seen": 1_000, "last_seen": 9_000, **more})


def observed(seen):
    """Observations of workloads' edges, each in one window."""
    gathering = Gathering()
    for workload, edges in seen.items():
        gathering.take(window(workload, 0, edges))
    return gathering.observations()


def both_ends(client, server, port=80, count=1):
    """A connection as the windows of both of its ends have it."""
    return {
        client: [edge(Role.CLIENT, server, port, count)],
        server: [edge(Role.SERVER, client, port, count)],
    }
