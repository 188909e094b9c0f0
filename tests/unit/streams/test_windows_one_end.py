"""An edge that only one end saw: a node that is blind is not a node that contradicts."""

from cluster_objects import T0, batch, connection, facts, pod
from enriching import record_of

from schemas.records import Role
from streams.directory.directory import Directory
from streams.windows.window import Windows, WindowSpec

SPEC = WindowSpec(10_000, lateness=5_000, retention=20_000)
PODS = (pod("client", "10.1.0.1", node="n1"), pod("server", "10.1.0.2", node="n2"))
CALL = connection("10.1.0.1", "10.1.0.2", 8080, at=T0 + 3_000)
ANSWER = connection("10.1.0.2", "10.1.0.1", 8080, Role.SERVER, at=T0 + 3_000)
THEN = 20


def told(source, *seen, sequence=0, end=4):
    made = batch(*seen, source=source, sequence=sequence, end=T0 + end * 1_000)
    return record_of(Directory((facts(), *PODS)), made)


def ends_of(made, name="server"):
    (edge,) = (one.edges[0] for one in made.changed() if one.workload.name == name)
    return edge.seen_by, edge.unconfirmed, edge.far_nodes


def windows(*records):
    made = Windows("test", SPEC)
    for record in records:
        made.apply(record)
    return made


def test_both_ends_are_no_question():
    made = windows(
        told("n1", CALL), told("n2", ANSWER), told("n1", sequence=1, end=THEN), told("n2", sequence=1, end=THEN)
    )
    assert ends_of(made) == ((Role.CLIENT, Role.SERVER), False, ())


def test_a_node_that_does_not_report_is_blind():
    """Nothing is held against an edge whose other end nobody watched."""
    made = windows(told("n1", CALL), told("n1", sequence=1, end=THEN))
    assert ends_of(made) == ((Role.CLIENT,), False, ("n2",))


def test_a_node_that_reports_and_did_not_see_it_contradicts():
    made = windows(told("n1", CALL), told("n2"), told("n1", sequence=1, end=THEN), told("n2", sequence=1, end=THEN))
    assert ends_of(made) == ((Role.CLIENT,), True, ("n2",))


def test_only_a_final_window_contradicts():
    """Before, the other end may still be on its way."""
    assert ends_of(windows(told("n1", CALL), told("n2"))) == ((Role.CLIENT,), False, ("n2",))


def test_a_late_report_contradicts_after_all():
    """The window is told again."""
    made = windows(told("n1", CALL), told("n1", sequence=1, end=THEN))
    assert not ends_of(made)[1]
    made.apply(told("n2", end=4))
    assert ends_of(made)[1]


def test_the_clients_side_says_it_too():
    made = windows(told("n2", ANSWER), told("n1"), told("n1", sequence=1, end=THEN), told("n2", sequence=1, end=THEN))
    assert ends_of(made, "client") == ((Role.SERVER,), True, ("n1",))
