"""Whether policies admit a connection: egress of the client's pod and ingress of the server's must both do so."""

from collections.abc import Iterable, Mapping, Sequence

from schemas.records import Labels, Verdict
from synthesizer.evaluator.match import names_peer, names_port, selects
from synthesizer.evaluator.model import Connection, End, Outside, Pod, Policy, PolicyRule, Way

Namespaces = Mapping[str, Labels]
"""Labels of namespaces; `kubernetes.io/metadata.name` is always there, as the API server puts it."""


def allows(policies: Iterable[Policy], connection: Connection, namespaces: Namespaces | None = None) -> Verdict:
    """What the policies say to the connection, and which policy and rule decided.

    A refusal names one of the policies that isolate the pod; an admission the first rule that admits, the server's if
    both ends are isolated.
    """
    if _always(connection.client, connection.server):
        return Verdict(allowed=True, rule="a pod is never kept from itself or its own node")
    known = tuple(policies)
    client_side = egress(known, connection, namespaces)
    if not client_side.allowed:
        return client_side
    server_side = ingress(known, connection, namespaces)
    return server_side if server_side.policy or not server_side.allowed else client_side


def egress(policies: Iterable[Policy], connection: Connection, namespaces: Namespaces | None = None) -> Verdict:
    """What the policies that isolate the client say, whatever the server's own say."""
    if not isinstance(connection.client, Pod):
        return Verdict(allowed=True, rule="the client is no pod")
    found = isolating(policies, connection.client, "egress")
    return _decide(found, connection, connection.server, namespaces or {}, "egress")


def ingress(policies: Iterable[Policy], connection: Connection, namespaces: Namespaces | None = None) -> Verdict:
    """What the policies that isolate the server say, whatever the client's own say."""
    if not isinstance(connection.server, Pod):
        return Verdict(allowed=True, rule="the server is no pod")
    found = isolating(policies, connection.server, "ingress")
    return _decide(found, connection, connection.client, namespaces or {}, "ingress")


def isolating(policies: Iterable[Policy], pod: Pod, way: Way) -> list[tuple[Policy, tuple[PolicyRule, ...]]]:
    """The policies that isolate the pod in the direction, each with its rules for it."""
    found = (
        (policy, policy.ingress if way == "ingress" else policy.egress)
        for policy in policies
        if policy.namespace == pod.namespace and selects(policy.pods, pod.labels)
    )
    return [(policy, rules) for policy, rules in found if rules is not None]


def _always(client: End, server: End) -> bool:
    match client, server:
        case Pod(), Pod():
            return (client.namespace, client.name) == (server.namespace, server.name)
        case (Pod(node=node), Outside(node=other)) | (Outside(node=other), Pod(node=node)):
            return bool(node) and node == other
        case _:
            return False


def _decide(
    isolated_by: Sequence[tuple[Policy, tuple[PolicyRule, ...]]],
    connection: Connection,
    peer: End,
    namespaces: Namespaces,
    direction: Way,
) -> Verdict:
    if not isolated_by:
        return Verdict(allowed=True, rule=f"no policy isolates its {direction}")
    for policy, rules in isolated_by:
        for index, rule in enumerate(rules):
            if names_port(rule, connection) and names_peer(rule, peer, policy.namespace, namespaces):
                return Verdict(allowed=True, policy=policy.name, rule=f"{direction}[{index}]")
    return Verdict(allowed=False, policy=isolated_by[0][0].name, rule=f"no {direction} rule admits it")
