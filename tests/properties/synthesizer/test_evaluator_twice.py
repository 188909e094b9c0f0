"""The evaluator against a second, naive reading of the same page, on policies and connections made by chance."""

from ipaddress import ip_address, ip_network

from hypothesis import given, settings
from hypothesis import strategies as st
from random_policies import connections, policies

from schemas.records import Protocol
from synthesizer.evaluator.decide import allows
from synthesizer.evaluator.model import Outside, Pod
from synthesizer.evaluator.reader import policy_of


def naive(documents, connection):
    """True if the documents admit the connection, read in the plainest way."""
    client, server = connection.client, connection.server
    both = isinstance(client, Pod) and isinstance(server, Pod)
    if both and (client.namespace, client.name) == (server.namespace, server.name):
        return True
    one = isinstance(client, Pod) != isinstance(server, Pod)
    if one and client.node and client.node == server.node:
        return True
    return naive_way(documents, connection, "egress") and naive_way(documents, connection, "ingress")


def naive_way(documents, connection, way):
    own, peer, peers = {
        "egress": (connection.client, connection.server, "to"),
        "ingress": (connection.server, connection.client, "from"),
    }[way]
    if not isinstance(own, Pod):
        return True
    isolated = False
    for document in documents:
        spec = document["spec"]
        default = ["Ingress"] + (["Egress"] if spec.get("egress") else [])
        if document["metadata"]["namespace"] != own.namespace or not naive_match(spec["podSelector"], dict(own.labels)):
            continue
        if way.capitalize() not in spec.get("policyTypes", default):
            continue
        isolated = True
        for rule in spec.get(way, []):
            peer_fits = not rule.get(peers) or any(naive_peer(one, peer, own.namespace) for one in rule[peers])
            port_fits = not rule.get("ports") or any(naive_port(one, connection) for one in rule["ports"])
            if peer_fits and port_fits:
                return True
    return not isolated


def naive_match(selector, found):
    wanted = selector.get("matchLabels", {}).items()
    return all(found.get(key) == value for key, value in wanted) and all(
        {
            "In": found.get(one["key"]) in one.get("values", []),
            "NotIn": found.get(one["key"]) not in one.get("values", []),
            "Exists": one["key"] in found,
            "DoesNotExist": one["key"] not in found,
        }[one["operator"]]
        for one in selector.get("matchExpressions", [])
    )


def naive_peer(item, peer, own_namespace):
    if isinstance(peer, Outside) or "ipBlock" in item:
        if not isinstance(peer, Outside) or "ipBlock" not in item:
            return False
        address, block = ip_address(peer.address), item["ipBlock"]
        return address in ip_network(block["cidr"]) and all(
            address not in ip_network(one) for one in block.get("except", [])
        )
    if "namespaceSelector" in item:
        in_namespace = naive_match(item["namespaceSelector"], {"kubernetes.io/metadata.name": peer.namespace})
    else:
        in_namespace = peer.namespace == own_namespace
    return in_namespace and naive_match(item.get("podSelector", {}), dict(peer.labels))


def naive_port(item, connection):
    if item.get("protocol", "TCP") != connection.protocol.value:
        return False
    port = item.get("port")
    if port == "web":
        server = connection.server
        return (
            isinstance(server, Pod)
            and connection.protocol is Protocol.TCP
            and server.ports[0].number == connection.port
        )
    return port is None or port <= connection.port <= item.get("endPort", port)


@settings(max_examples=1500)
@given(st.lists(policies, max_size=3), connections)
def test_both_readings_agree(documents, connection):
    """On every connection."""
    assert naive(documents, connection) == allows(map(policy_of, documents), connection).allowed
