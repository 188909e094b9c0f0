"""Every rule that admits a connection, not only the first; so that of those left over one can say: never used."""

from collections.abc import Iterable
from dataclasses import dataclass

from synthesizer.evaluator.decide import Namespaces, isolating
from synthesizer.evaluator.match import is_peer, is_port
from synthesizer.evaluator.model import Connection, Pod, Policy, Way


@dataclass(frozen=True, slots=True)
class Use:
    """A rule that admits a connection.

    Attributes:
        namespace: The policy's namespace.
        policy: The policy's name.
        way: The section it stands in.
        rule: Its index there.
        peers: Indices of the items of `from` or `to` that speak of the peer; none if the rule is for anyone.
        ports: Indices of the items of `ports` that speak of the port; none if the rule is for every port.
    """

    namespace: str
    policy: str
    way: Way
    rule: int
    peers: tuple[int, ...] = ()
    ports: tuple[int, ...] = ()


def uses(
    policies: Iterable[Policy], connection: Connection, way: Way, namespaces: Namespaces | None = None
) -> tuple[Use, ...]:
    """The rules that admit the connection at the client's end (egress) or the server's (ingress)."""
    own, peer = connection.client, connection.server
    if way == "ingress":
        own, peer = peer, own
    if not isinstance(own, Pod):
        return ()
    found = []
    for policy, rules in isolating(policies, own, way):
        for index, rule in enumerate(rules):
            peers = [is_peer(one, peer, policy.namespace, namespaces or {}) for one in rule.peers]
            ports = [is_port(one, connection) for one in rule.ports]
            if (any(peers) or not peers) and (any(ports) or not ports):
                found.append(Use(policy.namespace, policy.name, way, index, _where(peers), _where(ports)))
    return tuple(found)


def _where(found: Iterable[bool]) -> tuple[int, ...]:
    return tuple(index for index, holds in enumerate(found) if holds)
