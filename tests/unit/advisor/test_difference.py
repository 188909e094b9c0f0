"""Two sets of policies compared: what is the same, what one alone allows, and how that is said."""

import pytest
from policy_manifests import CART, PAY, WEB, both_ends, edge, manifest, observed, pods, policy_set

from advisor.policies.difference import compare
from advisor.policies.difference_text import document_of, notes_of
from advisor.policies.observed import Observations
from advisor.policies.text_diff import text_diff
from advisor.policies.world import World
from schemas.records import ExternalPeer, Protocol, Role
from synthesizer.evaluator.model import Pod, PodPort

WORLD = World(workloads={one.ref: one for one in (WEB, CART, PAY)})
RULE = {"from": [pods("web")], "ports": [{"port": 80}]}


def compared(first, second, observations=None, world=WORLD):
    """The document of the comparison."""
    one, other = policy_set(*first, source="one"), policy_set(*second, source="other")
    return document_of(compare(one, other, observations or Observations(), world), one, other)


def rows(found):
    return [(one["clients"], one["servers"], one["ports"]) for one in found]


SPANS = ((80, 85), (84, 90))
SAME = [
    ([], []),
    ([manifest("a", "cart")], [manifest("b", "cart", ingress=[])]),
    ([manifest("a", "cart", ingress=None)], [manifest("a", "cart", policyTypes=["Ingress"], egress=[])]),
    ([manifest("a", "cart", egress=[])], [manifest("a", "cart")]),
    ([manifest("a", "cart", policyTypes=["Egress"])], [manifest("a", "cart", policyTypes=["Egress"], egress=[])]),
    ([manifest("a", "cart", ingress=[{}])], [manifest("a", "cart", ingress=[{"from": [], "ports": []}])]),
    (
        [manifest("a", "cart", ingress=[{"ports": [{"port": 80}, {"port": 81}, {"port": 82, "endPort": 90}]}])],
        [manifest("b", "cart", ingress=[{"ports": [{"port": first, "endPort": last}]} for first, last in SPANS])],
    ),
    (
        [manifest("a", "cart", ingress=[RULE]), manifest("b", "cart", ingress=[{"from": [pods("pay", "bank")]}])],
        [manifest("c", "cart", ingress=[{"from": [pods("pay", "bank")]}, RULE])],
    ),
    (
        [manifest("a", "cart", ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/23"}}]}])],
        [manifest("a", "cart", ingress=[{"from": [{"ipBlock": {"cidr": f"10.0.{n}.0/24"}} for n in (0, 1)]}])],
    ),
    (
        [manifest("a", "cart", ingress=[{"from": [pods("web", "shop")]}])],
        [manifest("a", "cart", ingress=[{"from": [pods("web")]}])],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), SAME)
def test_what_means_the_same_is_the_same(first, second):
    """Missing and empty, split and joined, one policy or two, another name."""
    found = compared(first, second)
    assert found["same"], found


DIFFERENT = {
    "no policy and one that admits nobody": ([manifest("a", "cart")], []),
    "a rule for nobody and one for anyone": ([manifest("a", "cart")], [manifest("a", "cart", ingress=[{}])]),
    "one item and two": (
        [manifest("a", "cart", ingress=[{"from": [pods("web", "bank")]}])],
        [manifest("a", "cart", ingress=[{"from": [{"podSelector": pods("web")["podSelector"]},
                                                  {"namespaceSelector": pods("web", "bank")["namespaceSelector"]}]}])],
    ),
    "a label that no known pod has": (
        [manifest("a", "cart", ingress=[{"from": [pods("web")]}])],
        [manifest("a", "cart", ingress=[{"from": [pods("web"), pods("unheard-of")]}])],
    ),
    "UDP beside TCP": (
        [manifest("a", "cart", ingress=[{"ports": [{"port": 53}]}])],
        [manifest("a", "cart", ingress=[{"ports": [{"port": 53}, {"port": 53, "protocol": "UDP"}]}])],
    ),
    "an exception": (
        [manifest("a", "cart", ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}])],
        [manifest("a", "cart", ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]}])],
    ),
    "egress isolated": ([manifest("a", "cart")], [manifest("a", "cart", policyTypes=["Ingress", "Egress"])]),
}  # fmt: skip


@pytest.mark.parametrize("case", DIFFERENT)
def test_what_means_something_else_differs_in_either_order(case):
    """And what one allows alone is what the other does not, whichever is named first."""
    first, second = DIFFERENT[case]
    there, back = compared(first, second), compared(second, first)
    assert not there["same"]
    assert rows(there["allowed_by_first_alone"]) == rows(back["allowed_by_second_alone"])
    assert rows(there["allowed_by_second_alone"]) == rows(back["allowed_by_first_alone"])


def test_the_workloads_and_ports_are_named():
    """Whole groups as such, a single one by its name."""
    found = compared([manifest("a", "cart", ingress=[RULE])], [manifest("a", "cart")])
    assert rows(found["allowed_by_first_alone"]) == [
        (["shop/Deployment/web"], ["shop/Deployment/cart"], ["TCP 80"]),
    ]
    assert found["allowed_by_second_alone"] == []


def test_whole_groups_are_named_as_such():
    """All pods of a namespace, all but one, every address and every port."""
    found = compared([], [manifest("a", "cart", ingress=[RULE])])
    assert sorted(rows(found["allowed_by_first_alone"])) == [
        (
            [
                "all pods of other namespaces",
                "all pods of bank",
                "all pods of shop but shop/Deployment/web",
                "any address",
            ],
            ["shop/Deployment/cart"],
            ["every port"],
        ),
        (
            ["shop/Deployment/web"],
            ["shop/Deployment/cart"],
            ["TCP 1-79", "TCP 81-65535", "UDP all ports", "SCTP all ports"],
        ),
    ]


def test_both_ends_count():
    """A rule that lets out what nobody lets in allows nothing more."""
    closed = manifest("closed", "cart")
    out = {"to": [pods("cart")], "ports": [{"port": 80}]}
    first = manifest("web", "web", policyTypes=["Egress"], egress=[out])
    second = manifest("web", "web", policyTypes=["Egress"])
    assert compared([closed, first], [closed, second])["same"]
    assert not compared([first], [second])["same"]


def test_evidence_says_how_often_a_difference_was_used():
    """Connections of the observed edges, and the verdicts of both sets."""
    seen = observed({**both_ends(WEB, CART, 80, 7), PAY: [edge(Role.CLIENT, ExternalPeer("203.0.113.9"), 443, 3)]})
    first = [manifest("a", "cart", ingress=[RULE])]
    found = compared(first, [manifest("a", "cart")], seen, World(workloads=seen.workloads))
    (only,) = found["allowed_by_first_alone"]
    assert (only["observed_edges"], only["observed_connections"]) == (1, 7)
    (turned,) = found["observed"]
    assert (turned["client"], turned["connections"], turned["first"]) == ("shop/Deployment/web", 7, "allowed")
    assert turned["second"] == "REFUSED by shop/a: no ingress rule admits it"


def test_what_was_observed_on_a_port_is_of_the_pods_that_declare_it():
    """Pods of the workload that declare another number under the name were hardly the ones."""
    declared = [
        Pod("shop", f"cart-{number}", (("app", "cart"),), ports=(PodPort("http", Protocol.TCP, number),))
        for number in (80, 81)
    ]
    world = World({CART.ref: tuple(declared)}, {}, {WEB.ref: WEB, CART.ref: CART})
    by_name = [manifest("a", "cart", ingress=[{"ports": [{"port": "http"}]}])]
    seen = observed(both_ends(WEB, CART, 80, 7))
    assert (
        sum(one["observed_connections"] for one in compared(by_name, [], seen, world)["allowed_by_second_alone"]) == 0
    )


def test_a_named_port_is_the_number_that_pods_declare():
    """With pods that are known the name and the number mean the same; without, nobody knows."""
    by_name = [manifest("a", "cart", ingress=[{"ports": [{"port": "http"}]}])]
    by_number = [manifest("a", "cart", ingress=[{"ports": [{"port": 8080}]}])]
    declared = Pod("shop", "cart-1", (("app", "cart"),), ports=(PodPort("http", Protocol.TCP, 8080),))
    known = World({CART.ref: (declared,)}, {}, {CART.ref: CART})
    assert compared(by_name, by_number, world=known)["same"]
    unknown = compared(by_name, by_number)
    assert [one["ports"] for one in unknown["allowed_by_first_alone"]] == [["TCP named http"]]
    assert [one["ports"] for one in unknown["allowed_by_second_alone"]] == [["TCP 8080"]]


def test_texts_differ_where_meanings_do_not():
    """Only what somebody wrote; the order of fields plays no part."""
    first = policy_set(manifest("a", "cart", ingress=[{"ports": [{"port": 80, "protocol": "TCP"}]}]), source="one")
    second = policy_set(manifest("a", "cart", ingress=[{"ports": [{"protocol": "TCP", "port": 80}]}]), source="other")
    assert list(text_diff(first, second)) == []
    third = policy_set(manifest("a", "cart", ingress=[{"ports": [{"port": 81}]}]), manifest("new"), source="third")
    lines = list(text_diff(first, third))
    assert lines[:2] == ["--- one shop/a", "+++ third shop/a"]
    assert "+++ third shop/new" in lines
    assert ("-    - port: 80" in lines, "+    - port: 81" in lines) == (True, True)


def test_what_is_not_known_is_said():
    """A source without policies, and selectors that combine too often to try all."""
    none, many = policy_set(source="none"), policy_set(manifest("a", "cart"), source="many")
    found = compare(none, many, Observations(), WORLD)
    assert list(notes_of(found, none, many)) == ["no NetworkPolicy in none: everything is allowed there"]
    labels = [{"podSelector": {"matchLabels": {f"k{n}": "v"}}} for n in range(12)]
    wide = policy_set(manifest("a", "cart", ingress=[{"from": labels}]))
    assert "combine in more ways" in " ".join(notes_of(compare(wide, wide, Observations(), WORLD), wide, wide))
