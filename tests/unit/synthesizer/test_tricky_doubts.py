"""What windows doubt of their edges is said beside the rules that follow, by the tricky cases that make the doubt."""

from dataclasses import replace

import pytest
from small_worlds import WINDOW_MS, window, workload

from schemas.records import Edge, NodePeer, Protocol, Role, ServiceRef, WorkloadPeer
from synthesizer.evidence import RECENT_MS, evidence_of, fold
from synthesizer.options import Options
from synthesizer.suggest import suggest

SUBJECT, PEER, OTHER = workload("shop", 0), workload("shop", 2), workload("shop", 3)
NODE = NodePeer("192.168.0.2", "n2")
API = (ServiceRef("shop", "api", 80),)
CALL = Edge(Role.CLIENT, WorkloadPeer(PEER), Protocol.TCP, 8080, 1, 0, 0, 0, 0, 1, services=API)
FROM_NODE = Edge(Role.SERVER, NODE, Protocol.TCP, 8080, 0, 1, 0, 0, 0, 1)


def suggested(*windows):
    """What follows from the windows; each time as a restarted synthesizer would go on."""
    suggestion = None
    for one in windows:
        evidence = fold(evidence_of(suggestion) if suggestion else None, one)
        suggestion = suggest(evidence, Options(), "p", suggestion)
    return suggestion


def seen(*edges, start=0):
    return window(SUBJECT, start, [replace(edge, first_seen=start, last_seen=start + 1) for edge in edges])


def warned(suggestion, text):
    return [one for one in suggestion.warnings if text in one]


def test_a11_ingress_through_a_node_port_hides_its_client():
    """Only the node's address was seen: the rule for it is a stopgap, and that is said."""
    (text,) = warned(suggested(seen(replace(FROM_NODE, hidden_client=True))), "hides its client")
    assert text.startswith("ingress from node n2 on TCP 8080 hides its client behind a node's address (node port")
    assert text.endswith("open the port instead")


def test_a13_a_host_port_hides_its_client_alike():
    """At the container's port; another node's address is another doubt."""
    both = [replace(FROM_NODE, hidden_client=True, peer=peer) for peer in (NODE, NodePeer("192.168.0.3", "n3"))]
    assert [text[:20] for text in warned(suggested(seen(*both)), "hides its client")] == [
        "ingress from node n2", "ingress from node n3",
    ]  # fmt: skip


def test_a14_a_masqueraded_client_that_told_of_itself_is_no_doubt():
    """The window has joined both ends: there is a workload, and nothing is hidden."""
    client = replace(FROM_NODE, peer=WorkloadPeer(PEER))
    assert not warned(suggested(seen(client)), "hides")


def test_a14_a_node_that_was_once_told_of_is_hidden_no_more():
    """In one window the node itself was the client: so the address is a client's."""
    hidden = replace(FROM_NODE, hidden_client=True)
    for order in ((hidden, FROM_NODE), (FROM_NODE, hidden)):
        windows = [seen(edge, start=index * WINDOW_MS) for index, edge in enumerate(order)]
        assert not warned(suggested(*windows), "hides")
    assert warned(suggested(seen(hidden), seen(hidden, start=WINDOW_MS)), "hides")


def test_a09_numbers_of_a_named_port_that_nobody_confirmed_are_possibilities():
    """Each of them has its rule, for one of them was reached; both are named."""
    found = suggested(seen(*(replace(CALL, shared=True, port=port) for port in (8080, 9090))))
    texts = warned(found, "one of several possibilities")
    assert [text.split(" is one")[0] for text in texts] == [
        f"egress to shop/Deployment/w2 on TCP {port}" for port in (8080, 9090)
    ]
    assert all("Service shop/api stands for several workloads" in text for text in texts)


def test_c31_the_own_service_with_others_behind_it_is_a_possibility_at_both_ends():
    """The workload's own pods are candidates, and so are the others."""
    edges = [replace(CALL, shared=True, peer=WorkloadPeer(peer)) for peer in (SUBJECT, OTHER)]
    texts = warned(suggested(seen(*edges)), "one of several possibilities")
    assert [text.split(" on TCP")[0] for text in texts] == [
        "egress to shop/Deployment/w0", "egress to shop/Deployment/w3", "ingress from shop/Deployment/w0",
    ]  # fmt: skip


def test_d48_a_service_of_several_workloads_is_a_possibility_until_a_server_has_told():
    """One window with an answer settles it, in any order; attempts settle nothing."""
    candidate, told = replace(CALL, shared=True), replace(CALL, server_count=1)
    tried = replace(CALL, client_count=0, attempts=1)
    for order, expected in (((candidate, told), 0), ((told, candidate), 0), ((candidate, tried), 1), ((candidate,), 1)):
        windows = [seen(edge, start=index * WINDOW_MS) for index, edge in enumerate(order)]
        assert len(warned(suggested(*windows), "possibilities")) == expected, order


def test_b20_an_address_that_was_translated_is_seen_from_one_end_only():
    """The other end's node was watched and saw nothing of the kind."""
    (text,) = warned(suggested(seen(replace(CALL, unconfirmed=True))), "end only")
    assert text.startswith("egress to shop/Deployment/w2 on TCP 8080 was seen by the client's end only")
    assert "a collector watched the server's node" in text
    (text,) = warned(suggested(seen(replace(FROM_NODE, peer=WorkloadPeer(PEER), unconfirmed=True))), "end only")
    assert "was seen by the server's end only, although a collector watched the client's node" in text


@pytest.mark.parametrize("later", [WINDOW_MS, 3 * RECENT_MS, -3 * RECENT_MS])
def test_b20_once_both_ends_have_seen_it_nothing_is_doubted(later):
    """Whichever window came first, and however late the other."""
    lonely, both = replace(CALL, unconfirmed=True), replace(CALL, server_count=1)
    base = 10 * RECENT_MS
    assert not warned(suggested(seen(lonely, start=base), seen(both, start=base + later)), "end only")
    assert warned(suggested(seen(lonely, start=base), seen(lonely, start=base + later)), "end only")


def test_g57_an_edge_seen_from_one_end_because_the_other_was_blind_is_no_doubt():
    """Nobody watched there, so nobody contradicts."""
    assert not warned(suggested(seen(CALL)), "end only")


def test_doubts_name_no_counts_so_that_they_do_not_grow_the_revision():
    """The same doubt in the next window is no news."""
    one = seen(replace(CALL, shared=True, unconfirmed=True))
    two = seen(replace(CALL, shared=True, unconfirmed=True, client_count=9), start=WINDOW_MS)
    assert suggested(one).revision == suggested(one, two).revision == 1


def test_the_first_window_in_which_it_was_established_is_remembered():
    """In any order; attempts before it do not count, nor does what was kept before this was."""
    tried = replace(CALL, client_count=0, attempts=1)
    windows = [seen(tried), seen(CALL, start=WINDOW_MS), seen(CALL, start=30 * RECENT_MS)]
    for order in (windows, windows[::-1]):
        (edge,) = suggested(*order).evidence
        assert edge.established_in == WINDOW_MS
    (edge,) = suggested(windows[0]).evidence
    assert edge.established_in == 0
