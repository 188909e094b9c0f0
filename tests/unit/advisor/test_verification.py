"""Observed edges held against policies: verdicts at both ends, and the rules that nothing used."""

import pytest
from policy_manifests import CART, PAY, WEB, both_ends, edge, manifest, observed, pods, policy_set

from advisor.policies.judge import Outcome
from advisor.policies.verification import verify
from advisor.policies.world import World
from schemas.records import ExternalPeer, NodePeer, Protocol, Role, UnresolvedPeer, Workload
from synthesizer.evaluator.model import Pod, PodPort

TO_CART = manifest("web", "web", policyTypes=["Egress"], egress=[{"to": [pods("cart")], "ports": [{"port": 80}]}])
FROM_WEB = manifest("cart", "cart", ingress=[{"from": [pods("web")], "ports": [{"port": 80}]}])


def held(policies, seen, world=None):
    """The verification, by default with what the selectors tell alone."""
    observations = observed(seen)
    return verify(policy_set(*policies), observations, world or World(workloads=observations.workloads))


def sides(judged):
    return [(side.outcome.value, side.policies, side.rule) for side in (judged.egress, judged.ingress)]


def test_an_edge_that_both_ends_saw_is_one_and_each_end_has_its_verdict():
    """Counts are those of the end that saw more, not their sum."""
    found = held([TO_CART, FROM_WEB], both_ends(WEB, CART, count=7))
    (judged,) = found.judged
    assert (judged.edge.connections, judged.edge.seen_by) == (7, {"client", "server"})
    assert sides(judged) == [
        ("admitted", ("shop/web",), "egress[0]"),
        ("admitted", ("shop/cart",), "ingress[0]"),
    ]
    assert found.unused == ()


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([manifest("web", "web", policyTypes=["Egress"]), FROM_WEB], ["refused", "admitted"]),
        ([TO_CART, manifest("cart", "cart"), manifest("all")], ["admitted", "refused"]),
        ([manifest("web", "web", policyTypes=["Egress"]), manifest("cart", "cart")], ["refused", "refused"]),
        ([], ["admitted", "admitted"]),
    ],
)
def test_one_end_that_refuses_is_enough(policies, expected):
    """And both are told, with every policy that could have admitted it."""
    (judged,) = held(policies, both_ends(WEB, CART)).judged
    assert [outcome for outcome, _, _ in sides(judged)] == expected
    assert judged.outcome is (Outcome.REFUSED if "refused" in expected else Outcome.ADMITTED)
    if len(policies) == 3:
        assert judged.ingress.policies == ("shop/all", "shop/cart")
        assert judged.ingress.rule == "no ingress rule admits it"


def test_another_namespace_a_port_and_a_protocol_make_a_difference():
    """Each alone."""
    rule = {"from": [pods("web", "shop")], "ports": [{"port": 8443}]}
    policy = manifest("pay", "pay", "bank", ingress=[rule])
    found = held([policy], {PAY: [
        edge(Role.SERVER, WEB, 8443),
        edge(Role.SERVER, WEB, 8444),
        edge(Role.SERVER, WEB, 8443, protocol=Protocol.UDP),
        edge(Role.SERVER, Workload("mall", "Deployment", "web", (("app", "web"),)), 8443),
    ]})  # fmt: skip
    admitted = [(one.edge.client.workload.namespace, one.edge.protocol.value, one.edge.port)
                for one in found.of(Outcome.ADMITTED)]  # fmt: skip
    assert admitted == [("shop", "TCP", 8443)]
    assert len(found.of(Outcome.REFUSED)) == 3


def test_what_policies_cannot_be_asked_about_is_unknown_unless_anyone_is_admitted():
    """An address that nobody held, a peer on its node's network, an edge whose client is not known."""
    host = Workload("kube-system", "DaemonSet", "agent", (("app", "agent"),), host_network=True)
    seen = {CART: [edge(Role.SERVER, UnresolvedPeer("10.1.2.3", "no_lease")), edge(Role.SERVER, host, 81),
                   edge(Role.UNKNOWN, WEB, 82)]}  # fmt: skip
    assert [one.outcome for one in held([FROM_WEB], seen).judged] == [Outcome.UNKNOWN] * 3
    anyone = held([manifest("cart", "cart", ingress=[{"ports": [{"port": 81}]}])], seen)
    assert [one.edge.port for one in anyone.of(Outcome.ADMITTED)] == [81]
    assert anyone.unused == ()


def test_a_rule_for_addresses_says_nothing_of_an_end_that_nobody_knows():
    """It may be a pod, for whom no block speaks, whatever the block."""
    everywhere = manifest("web", "web", policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}])
    (judged,) = held([everywhere], {WEB: [edge(Role.CLIENT, UnresolvedPeer("10.1.2.3", "no_lease"))]}).judged
    assert (judged.outcome, judged.egress.rule) == (Outcome.UNKNOWN, "nobody was known to hold 10.1.2.3")


def test_a_pods_own_node_is_let_in_and_another_is_not():
    """As Kubernetes has it; probes come from there."""
    seen = {
        CART: [edge(Role.SERVER, NodePeer("192.0.2.1", "n1", own=own), port) for own, port in ((True, 80), (False, 81))]
    }
    found = held([FROM_WEB], seen)
    assert [(one.edge.port, one.outcome) for one in found.judged] == [(81, Outcome.REFUSED), (80, Outcome.ADMITTED)]


def test_pods_of_one_workload_may_differ_and_the_worst_counts():
    """A policy asks for a label that only some pods have."""
    front, back = (Pod("shop", name, (("app", "web"), ("tier", name))) for name in ("front", "back"))
    policy = manifest("cart", "cart", ingress=[{"from": [{"podSelector": {"matchLabels": {"tier": "front"}}}]}])
    observations = {WEB: (front, back)}, both_ends(WEB, CART)
    world = World({ref.ref: found for ref, found in observations[0].items()}, {}, {WEB.ref: WEB, CART.ref: CART})
    (judged,) = held([policy], observations[1], world).judged
    assert judged.ingress.outcome is Outcome.REFUSED
    assert judged.ingress.rule == "no ingress rule admits it (for 1 of 2 kinds of pods)"


def test_a_named_port_is_that_of_the_pods_that_declare_the_number():
    """Others of the workload that declare another were hardly reached."""
    declared = [
        Pod("shop", f"c{port}", (("app", "cart"),), ports=(PodPort("http", Protocol.TCP, port),)) for port in (80, 81)
    ]
    world = World({CART.ref: tuple(declared)}, {}, {})
    policy = manifest("cart", "cart", ingress=[{"ports": [{"port": "http"}]}])
    assert [one.outcome for one in held([policy], both_ends(WEB, CART, 80), world).judged] == [Outcome.ADMITTED]
    assert [one.outcome for one in held([policy], both_ends(WEB, CART, 82), world).judged] == [Outcome.REFUSED]


def test_rules_and_parts_of_rules_that_nothing_used_are_named():
    """A rule as a whole, or the peers and ports of a used one."""
    rules = [
        {"from": [pods("web"), pods("gone")], "ports": [{"port": 80}, {"port": 90}]},
        {"from": [{"ipBlock": {"cidr": "203.0.113.0/24"}}]},
    ]
    found = held([manifest("cart", "cart", ingress=rules), manifest("idle", "nobody")], both_ends(WEB, CART))
    assert [(one.stored.name, one.path) for one in found.unused] == [
        ("shop/cart", "ingress[0].from[1]"),
        ("shop/cart", "ingress[0].ports[1]"),
        ("shop/cart", "ingress[1]"),
    ]
    assert [one.name for one in found.idle] == ["shop/idle"]


def test_every_rule_that_admits_counts_as_used():
    """Not only the first: two that say the same are both used."""
    twice = [{"from": [pods("web")]}, {"from": [{"podSelector": {}}]}]
    assert held([manifest("cart", "cart", ingress=twice)], both_ends(WEB, CART)).unused == ()


def test_an_external_address_is_in_the_block_or_in_its_exception():
    """Only the other end's policies are asked: the internet has none."""
    block = {"cidr": "203.0.113.0/24", "except": ["203.0.113.128/25"]}
    policy = manifest("web", "web", policyTypes=["Egress"], egress=[{"to": [{"ipBlock": block}]}])
    seen = {WEB: [edge(Role.CLIENT, ExternalPeer(address), 443) for address in ("203.0.113.7", "203.0.113.200")]}
    found = held([policy], seen)
    assert {one.edge.server.address: one.outcome.value for one in found.judged} == {
        "203.0.113.7": "admitted",
        "203.0.113.200": "refused",
    }
    assert {one.ingress.rule for one in found.judged} == {"the server is no pod"}


def test_a_policy_that_asks_for_more_than_selectors_tell_is_named():
    """As long as no pods are known."""
    by_tier = manifest("tier", ingress=[{"from": [{"podSelector": {"matchLabels": {"tier": "front"}}}]}])
    by_name = manifest("name", "web", ingress=[{"ports": [{"port": "http"}]}])
    of_team = {"namespaceSelector": {"matchLabels": {"team": "money"}}}
    by_team = manifest("team", "cart", ingress=[{"from": [of_team, pods("web", "shop")]}])
    found = held([by_tier, by_name, by_team, FROM_WEB], both_ends(WEB, CART))
    assert [one.name for one in found.blind] == ["shop/name", "shop/team", "shop/tier"]


def test_a_candidate_of_a_service_may_not_have_been_the_server():
    """Unless its own end tells: then it was."""
    candidate = {WEB: [edge(Role.CLIENT, CART, shared=True)]}
    closed = manifest("cart", "cart")
    (judged,) = held([closed], candidate).judged
    assert (judged.outcome, judged.ingress.policies) == (Outcome.UNKNOWN, ("shop/cart",))
    assert "another workload of the same Service" in judged.ingress.rule
    (judged,) = held([closed], {**candidate, CART: [edge(Role.SERVER, WEB)]}).judged
    assert judged.outcome is Outcome.REFUSED


def test_attempts_are_counted_and_not_judged():
    """Nothing that never came about can break; both ends' reports of one are one."""
    tried = {"client_count": 0, "attempts": 3}
    seen = {WEB: [edge(Role.CLIENT, CART, **tried)], CART: [edge(Role.SERVER, WEB, count=0, attempts=3)]}
    observations = observed(seen)
    assert (observations.edges, observations.tried) == ((), 1)


def test_a_named_port_of_pods_that_are_not_known_is_not_told():
    """It may be the one; and a rule that may have been used is not said to be of no use."""
    named = manifest("cart", "cart", ingress=[{"from": [pods("web")], "ports": [{"port": "http"}]}])
    found = held([named], both_ends(WEB, CART))
    assert [one.outcome for one in found.judged] == [Outcome.UNKNOWN]
    assert found.unused == ()
    other_peer = manifest("cart", "cart", ingress=[{"from": [pods("pay")], "ports": [{"port": "http"}]}])
    assert [one.outcome for one in held([other_peer], both_ends(WEB, CART)).judged] == [Outcome.REFUSED]
