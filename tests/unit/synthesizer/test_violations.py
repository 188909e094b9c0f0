"""Observed edges that policies would refuse, drawn.

window   0        1        2        3
edge     A        A, B     A, B     B tried
told              B                          the suggestion of window 0 knew no B
"""

from dataclasses import replace

import pytest
from audited import Program, Topics, deployment_object, namespace_object, pod_object, policy_object, world_of
from small_worlds import WINDOW_MS, window, workload

from schemas.records import (
    ContainerPort,
    Edge,
    ExternalPeer,
    NodePeer,
    Protocol,
    Role,
    UnresolvedPeer,
    Verdict,
    Workload,
    WorkloadPeer,
)
from synthesizer.inventory.world import World

SUBJECT, PEER, OTHER = workload("shop", 0), workload("shop", 2), workload("bank", 3)
CALL = Edge(Role.CLIENT, WorkloadPeer(PEER), Protocol.TCP, 8080, 1, 0, 0, 0, 0, 1)
ANSWER = replace(CALL, role=Role.SERVER, client_count=0, server_count=1)
TRIED = replace(CALL, client_count=0, attempts=3)
DENY_ALL = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def seen(*edges, at=0, **fields):
    """The window of that number."""
    start = at * WINDOW_MS
    return replace(
        window(SUBJECT, start, [replace(edge, first_seen=start, last_seen=start + 1) for edge in edges]), **fields
    )


def told(*windows, objects=(), world=None):
    """The violations that stand after the windows."""
    topics = Topics()
    program = Program(topics, world or world_of(*objects))
    for one in windows:
        program.fold(one)
    program.tell()
    return topics.standing().values()


def test_what_a_policy_in_force_refuses_is_told_with_its_name_and_both_verdicts():
    """Nobody suggested anything yet, so only the policy in force refuses."""
    (one,) = told(seen(CALL), objects=[policy_object("shop", "deny-all", DENY_ALL)])
    assert one.deployed == Verdict(allowed=False, policy="deny-all", rule="no egress rule admits it")
    assert one.suggested == Verdict(allowed=True, rule="nothing was seen of it before this window")
    assert (one.workload, one.start, one.revision, one.attempt) == (SUBJECT, 0, 1, False)
    assert one.edge.count == 1


def test_what_the_suggestion_of_the_time_before_refuses_is_told_once():
    """From the next window on, the suggestion admits it."""
    new = replace(CALL, peer=WorkloadPeer(OTHER))
    (one,) = told(seen(CALL), seen(CALL, new, at=1), seen(CALL, new, at=2))
    assert (one.edge.peer, one.start) == (WorkloadPeer(OTHER), WINDOW_MS)
    assert one.suggested == Verdict(allowed=False, policy="w0-network", rule="no egress rule admits it")
    assert one.deployed == Verdict(allowed=True, rule="no policy is in force in its namespace")


def test_what_the_suggestion_states_as_generalised_is_no_violation():
    """DNS over TCP was admitted beside UDP, unseen."""
    dns = replace(CALL, port=53, protocol=Protocol.UDP)
    assert not told(seen(dns), seen(replace(dns, protocol=Protocol.TCP), at=1))


def test_attempts_that_are_refused_say_that_they_were_attempts():
    """Each window's; an attempt on what is admitted is none."""
    found = sorted(told(seen(CALL), *(seen(replace(TRIED, port=9), at=at) for at in (1, 2))), key=lambda one: one.start)
    assert [(one.start // WINDOW_MS, one.attempt, one.edge.attempts) for one in found] == [(1, True, 3), (2, True, 3)]
    assert not told(seen(CALL), seen(TRIED, at=1))


def test_an_attempt_that_comes_through_in_a_later_revision_is_an_attempt_no_more():
    """The window's last word stands."""
    tried, came = replace(TRIED, port=9), replace(CALL, port=9)
    (one,) = told(seen(CALL), seen(tried, at=1, final=False), seen(came, at=1, revision=2))
    assert (one.attempt, one.revision, one.edge.count) == (False, 2, 1)


def test_an_edge_that_a_later_revision_no_longer_shows_is_taken_back():
    """A node's address, say, that its client has explained."""
    assert not told(seen(CALL), seen(replace(CALL, port=9), at=1, final=False), seen(CALL, at=1, revision=2))


def test_what_the_other_end_may_yet_explain_waits_for_the_final_window():
    """Shared and hidden edges are judged once nobody can explain them any more."""
    for doubt in ({"shared": True}, {"hidden_client": True}):
        new = replace(CALL, port=9, **doubt)
        assert not told(seen(CALL), seen(new, at=1, final=False))
        assert len(told(seen(CALL), seen(new, at=1))) == 1


def test_each_end_asks_its_own_policies():
    """The server's policy refuses; the client's window says nothing of it."""
    only_ingress = {"podSelector": {"matchLabels": dict(PEER.selector)}, "policyTypes": ["Ingress"]}
    objects = [policy_object("shop", "closed", only_ingress)]
    assert not told(seen(CALL), objects=objects)
    (one,) = told(replace(seen(replace(ANSWER, peer=WorkloadPeer(SUBJECT))), workload=PEER), objects=objects)
    assert one.deployed.policy == "closed"


def test_policies_look_at_all_labels_of_the_pods_not_at_the_workloads_selector():
    """A label of the template, and one that only some pods have; the peers' too."""
    by_tier = {"podSelector": {"matchLabels": {"tier": "web"}}, "policyTypes": ["Egress"]}
    objects = [policy_object("shop", "tier", by_tier)]
    assert not told(seen(CALL), objects=objects)
    template = deployment_object(SUBJECT, labels={"app": "one", "tier": "web"})
    assert told(seen(CALL), objects=[*objects, template])
    one_pod = pod_object(SUBJECT, 1, labels={"app": "one", "tier": "web"})
    assert told(seen(CALL), objects=[*objects, pod_object(SUBJECT, 0), one_pod])
    to_green = {**DENY_ALL, "egress": [{"to": [{"podSelector": {"matchLabels": {"colour": "green"}}}]}]}
    green = pod_object(PEER, labels={"app": "two", "colour": "green"})
    assert not told(seen(CALL), objects=[policy_object("shop", "green", to_green), green])
    assert told(seen(CALL), objects=[policy_object("shop", "green", to_green), green, pod_object(PEER, 1)])


def test_named_ports_and_namespace_labels_are_those_of_the_cluster():
    """The evaluator is given what Kubernetes would look at."""
    spec = {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [
            {
                "to": [{"namespaceSelector": {"matchLabels": {"team": "a"}}, "podSelector": {}}],
                "ports": [{"port": "web", "protocol": "TCP"}],
            }
        ],
    }
    pod = pod_object(PEER, ports=(ContainerPort("web", 8080),))
    policy = policy_object("shop", "named", spec)
    assert not told(seen(CALL), objects=[policy, pod, namespace_object("shop", [("team", "a")])])
    assert told(seen(CALL), objects=[policy, pod, namespace_object("shop", [("team", "b")])])
    assert told(seen(replace(CALL, port=81)), objects=[policy, pod, namespace_object("shop", [("team", "a")])])


@pytest.mark.parametrize(("created", "deleted", "refuses"), [(0, 0, 1), (1, 2, 1), (2, 0, 0), (0, 1, 0), (0, 2, 1)])
def test_only_policies_count_that_were_in_force_when_the_edge_was_seen(created, deleted, refuses):
    """The edge was last seen at 1."""
    objects = [policy_object("shop", "deny-all", DENY_ALL, created=created, deleted=deleted)]
    assert len(told(seen(CALL), objects=objects)) == refuses


def test_nothing_is_in_force_that_nobody_has_said_to_be_complete():
    """Without heartbeats the verdict says so, and refuses nothing."""
    world = World("test", 2)
    world.apply(policy_object("shop", "deny-all", DENY_ALL), 0)
    (one,) = told(seen(CALL), seen(replace(CALL, port=9), at=1), world=world)
    assert one.deployed.allowed
    assert one.deployed.rule.startswith("the policies in force are not known")


def test_who_is_not_known_and_who_no_policy_concerns_are_not_judged():
    """Unresolved peers, unknown roles, hostNetwork subjects, the pod's own node."""
    objects = [policy_object("shop", "deny-all", DENY_ALL)]
    unresolved = replace(CALL, peer=UnresolvedPeer("10.1.2.3", "no_lease"))
    unknown = replace(CALL, role=Role.UNKNOWN, client_count=0, unknown_count=1)
    probe = replace(ANSWER, peer=NodePeer("192.168.0.2", "n", own=True))
    assert not told(seen(unresolved, unknown, probe), objects=objects)
    host = replace(seen(CALL), workload=replace(SUBJECT, host_network=True))
    assert not told(host, objects=objects)


def test_c26_a_peer_on_its_nodes_network_is_judged_by_the_nodes_address():
    """A selector does not reach it, a block does."""
    agent = Workload("shop", "DaemonSet", "agent", (("app", "agent"),), host_network=True)
    edge = replace(CALL, peer=WorkloadPeer(agent))
    pod = pod_object(agent, host_network=True, ips=("192.168.0.2",))
    to = {"to": [{"podSelector": {}}, {"ipBlock": {"cidr": "192.168.0.0/24"}}]}
    assert not told(seen(edge), objects=[policy_object("shop", "p", {**DENY_ALL, "egress": [to]}), pod])
    by_selector = {**DENY_ALL, "egress": [{"to": [{"podSelector": {}}]}]}
    assert told(seen(edge), objects=[policy_object("shop", "p", by_selector), pod])
    (one,) = told(seen(CALL), seen(edge, at=1))
    assert one.suggested.rule == (
        "no rule can be written for it: the peer uses its node's network, where no selector reaches it"
    )


def test_c37_the_metadata_address_is_refused_by_the_suggestion_in_every_window():
    """No rule follows from seeing it."""
    edge = replace(CALL, peer=ExternalPeer("169.254.169.254"), port=80)
    found = told(*(seen(CALL, edge, at=at) for at in range(3)))
    assert {one.start // WINDOW_MS for one in found} == {1, 2}


def test_d44_labels_that_have_changed_since_are_no_violation():
    """An older window that comes again is judged with the labels of now, as the suggestion has them."""
    renamed = replace(CALL, peer=WorkloadPeer(replace(PEER, selector=(("app", "new"),))))
    both = replace(CALL, port=81)
    topics = Topics()
    program = Program(topics, world_of())
    for one in (seen(CALL, both), seen(CALL, both, at=1), seen(renamed, replace(renamed, port=81), at=2)):
        program.fold(one)
    program.tell()
    program.suggest()
    assert not topics.standing()
    program = Program(topics, world_of(policy_object("shop", "deny-all", DENY_ALL)))
    program.fold(seen(CALL, both, at=1))
    program.tell()
    assert [one.suggested.allowed for one in topics.standing().values()] == [True, True]


def test_e51_a_policy_that_names_pods_by_address_does_not_admit_them():
    """An ipBlock has no defined effect on pods: what relies on it is told."""
    spec = {**DENY_ALL, "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}
    pod = pod_object(PEER, ips=("10.1.0.2",))
    assert len(told(seen(CALL), objects=[policy_object("shop", "by-address", spec), pod])) == 1


def test_a_window_that_comes_late_takes_back_what_a_younger_one_was_the_first_to_show():
    """In whatever order they come, the first window that shows an edge tells of it."""
    new = replace(CALL, port=9)
    for order in ((0, 1, 2), (0, 2, 1)):
        windows = [seen(CALL, at=0), seen(CALL, new, at=1), seen(CALL, new, at=2)]
        assert [one.start for one in told(*(windows[index] for index in order))] == [WINDOW_MS], order


def test_a_window_that_still_grows_is_told_once_and_its_last_counts_at_the_end():
    """Three revisions, two records."""
    topics = Topics()
    program = Program(topics, world_of())
    program.fold(seen(CALL))
    for revision, final in ((1, False), (2, False), (3, True)):
        edge = replace(CALL, port=9, client_count=revision)
        program.fold(seen(edge, at=1, revision=revision, final=final))
        program.fold(seen(edge, at=1, revision=revision, final=final))
    program.tell()
    assert [(one.revision, one.edge.count) for one in topics.violations] == [(1, 1), (3, 3)]
    assert len({(one.key, one.identity) for one in topics.violations}) == 1


def test_a_restarted_program_that_gets_the_last_window_again_writes_nothing():
    """It has read back what it wrote."""
    topics = Topics()
    windows = [seen(CALL), seen(CALL, replace(CALL, port=9), at=1)]
    for _ in range(2):
        program = Program(topics, world_of())
        for one in windows:
            program.fold(one)
        program.tell()
        program.suggest()
    assert len(topics.violations) == 1


def test_a_restarted_program_that_gets_an_earlier_revision_again_writes_nothing():
    """It knows from the topic which revision was the last: what that took back is not told once more."""
    topics = Topics()
    new, gone = replace(CALL, port=9), replace(CALL, port=10)
    early, late = seen(new, gone, at=1, final=False), seen(new, at=1, revision=2)
    program = Program(topics, world_of())
    for one in (seen(CALL), early, late):
        program.fold(one)
    program.tell()
    program.suggest()
    before = list(topics.violations)
    program = Program(topics, world_of())
    program.fold(early)
    program.tell()
    assert topics.violations == before
    assert [one.edge.port for one in topics.standing().values()] == [9]


def test_a_policy_of_the_cluster_that_cannot_be_read_is_left_out(caplog):
    """It is said, and the others count."""
    objects = [policy_object("shop", "odd", {"podSelector": 3}), policy_object("shop", "deny-all", DENY_ALL)]
    (one,) = told(seen(CALL), objects=objects)
    assert one.deployed.policy == "deny-all"
    assert "shop/odd cannot be judged by" in caplog.text
