"""The evaluator against a second, naive reading of the same page, on policies and connections made by chance."""

from ipaddress import ip_address, ip_network

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import Protocol
from synthesizer.evaluator.decide import allows
from synthesizer.evaluator.model import Connection, Outside, Pod, PodPort
from synthesizer.evaluator.reader import policy_of

KEYS, VALUES = ("app", "tier"), ("a", "b")
labels = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES))
expressions = st.one_of(
    st.fixed_dictionaries(
        {
            "key": st.sampled_from(KEYS),
            "operator": st.sampled_from(["In", "NotIn"]),
            "values": st.lists(st.sampled_from(VALUES), min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries({"key": st.sampled_from(KEYS), "operator": st.sampled_from(["Exists", "DoesNotExist"])}),
)
selectors = st.fixed_dictionaries(
    {}, optional={"matchLabels": labels, "matchExpressions": st.lists(expressions, max_size=2)}
)
namespace_selectors = st.one_of(
    st.just({}), st.sampled_from(["x", "y"]).map(lambda name: {"matchLabels": {"kubernetes.io/metadata.name": name}})
)
blocks = st.sampled_from(
    [
        {"cidr": "0.0.0.0/0"},
        {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]},
        {"cidr": "10.0.0.0/24", "except": ["10.0.0.4/30"]},
        {"cidr": "2001:db8::/32", "except": ["2001:db8:1::/48"]},
        {"cidr": "203.0.113.5/32"},
    ]
)
peer_items = st.one_of(
    blocks.map(lambda block: {"ipBlock": block}),
    selectors.map(lambda one: {"podSelector": one}),
    namespace_selectors.map(lambda one: {"namespaceSelector": one}),
    st.builds(lambda one, two: {"podSelector": one, "namespaceSelector": two}, selectors, namespace_selectors),
)
port_items = st.sampled_from(
    [
        {},
        {"protocol": "UDP"},
        {"port": 80},
        {"port": 80, "protocol": "UDP"},
        {"port": 79, "endPort": 81, "protocol": "TCP"},
        {"port": "web"},
        {"port": "web", "protocol": "UDP"},
    ]
)


def rules(peers):
    """Rules with the parts present, empty or left out."""
    return st.lists(
        st.fixed_dictionaries(
            {}, optional={peers: st.lists(peer_items, max_size=2), "ports": st.lists(port_items, max_size=2)}
        ),
        max_size=2,
    )


types = st.lists(st.sampled_from(["Ingress", "Egress"]), min_size=1, max_size=2, unique=True)
specs = st.fixed_dictionaries(
    {"podSelector": selectors}, optional={"policyTypes": types, "ingress": rules("from"), "egress": rules("to")}
)
policies = st.builds(
    lambda name, namespace, spec: {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    },
    st.sampled_from(["p", "q"]),
    st.sampled_from(["x", "y"]),
    specs,
)
pods = st.builds(
    lambda namespace, name, chosen, port, node: Pod(
        namespace, name, tuple(sorted(chosen.items())), ports=(PodPort("web", Protocol.TCP, port),), node=node
    ),
    st.sampled_from(["x", "y", "z"]),
    st.sampled_from(["one", "two"]),
    labels,
    st.sampled_from([80, 81]),
    st.sampled_from(["", "n1"]),
)
outsides = st.builds(
    Outside,
    st.sampled_from(["10.0.0.1", "10.0.0.5", "203.0.113.5", "8.8.8.8", "2001:db8::1", "2001:db8:1::1"]),
    st.sampled_from(["", "", "n1"]),
)
ends = st.one_of(pods, pods, outsides)
connections = st.builds(
    Connection, ends, ends, st.sampled_from([Protocol.TCP, Protocol.UDP]), st.sampled_from([79, 80, 81, 82])
)


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
