"""NetworkPolicies, pods and connections made by chance, few enough that they often meet: hypothesis strategies."""

from hypothesis import strategies as st

from schemas.records import Protocol
from synthesizer.evaluator.model import Connection, Outside, Pod, PodPort

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


def busy_rules(peers):
    """At least one rule, seldom without ports."""
    parts = {peers: st.lists(peer_items, max_size=2), "ports": st.lists(port_items, min_size=1, max_size=2)}
    return st.lists(st.one_of(st.fixed_dictionaries(parts), st.just({})), min_size=1, max_size=2)


busy_policies = st.builds(
    lambda name, namespace, selector, ingress, egress: {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": selector, "policyTypes": ["Ingress", "Egress"], "ingress": ingress, "egress": egress},
    },
    st.sampled_from(["p", "q"]),
    st.sampled_from(["x", "y"]),
    st.one_of(st.just({}), selectors),
    busy_rules("from"),
    busy_rules("to"),
)
"""They isolate both ways, and most have something to say of ports."""
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
