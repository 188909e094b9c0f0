"""Both ends of a connection are told, and nothing is counted twice (B20)."""

from cluster_objects import T0, batch, connection, endpoints, facts, pod, service

from schemas.records import Role
from streams.directory.directory import Directory
from streams.offline import analyse

OBJECTS = (
    facts(),
    pod("client", "10.1.0.1"),
    pod("server", "10.1.0.2"),
    service("api", "10.96.0.9"),
    endpoints("api", [("10.1.0.2", "server")]),
)
BY_CLIENT = connection("10.1.0.1", "10.96.0.9", 80, count=7)
BY_SERVER = connection("10.1.0.2", "10.1.0.1", 8080, Role.SERVER, count=7)


def edges_of(*batches):
    windows = analyse(batches, Directory(OBJECTS), 10_000, "test").windows
    return {window.workload.name: window.edges for window in windows}


def test_b20_before_and_after_translation_is_one_edge_counted_once():
    """The client's view of the Service and the server's view of the pod meet in one edge."""
    ((edge,), (other,)) = edges_of(batch(BY_CLIENT), batch(BY_SERVER, source="n2")).values()
    assert [(one.client_count, one.server_count, one.count) for one in (edge, other)] == [(7, 7, 7), (7, 7, 7)]


def test_an_edge_seen_from_one_end_only_says_so():
    (edge,) = edges_of(batch(BY_CLIENT))["server"]
    assert (edge.role, edge.client_count, edge.server_count) == (Role.SERVER, 7, 0)


def test_b25_attempts_are_kept_apart():
    tried = connection("10.1.0.1", "10.96.0.9", 80, count=3, established=False)
    (edge,) = edges_of(batch(tried))["client"]
    assert (edge.established, edge.attempts) == (False, 3)


def test_a_connection_that_is_only_open_is_an_established_edge_that_counts_none():
    """Its end is known, also beside attempts that came to nothing."""
    still_open = connection("10.1.0.1", "10.96.0.9", 80, count=0)
    tried = connection("10.1.0.1", "10.96.0.9", 80, count=3, established=False)
    (edge,) = edges_of(batch(still_open, tried))["server"]
    assert (edge.established, edge.count, edge.attempts, edge.seen_by) == (True, 0, 3, (Role.CLIENT,))


def test_new_connections_beside_an_open_one_count_themselves():
    """The ends are told apart: one saw a new connection, the other only an open one."""
    still_open = connection("10.1.0.1", "10.96.0.9", 80, count=0)
    (edge,) = edges_of(batch(still_open), batch(BY_SERVER, still_open, source="n2"))["server"]
    assert (edge.count, edge.seen_by, edge.still_open) == (7, (Role.CLIENT, Role.SERVER), (Role.CLIENT,))


def test_a_row_of_unknown_role_is_told_to_both_ends_without_a_direction():
    """A socket whose role nothing tells stays UNKNOWN, open or new."""
    for count in (0, 2):
        row = connection("10.1.0.1", "10.1.0.2", 8080, Role.UNKNOWN, count=count)
        ((edge,), (other,)) = edges_of(batch(row)).values()
        assert [(one.role, one.count, one.seen_by) for one in (edge, other)] == [
            (Role.UNKNOWN, count, (Role.UNKNOWN,))
        ] * 2


def test_offline_accounts_for_every_connection():
    unknown = connection("10.1.44.44", "10.1.0.1", 80, count=5)
    loop = connection("127.0.0.1", "127.0.0.1", 80, count=2)
    account = analyse([batch(BY_CLIENT, unknown, loop)], Directory(OBJECTS), 10_000, "test")
    assert (
        account.connections,
        account.used,
        account.unresolved,
        account.ignored,
    ) == (14, 7, (("no_lease", 5),), (("loopback", 2),))


def test_an_edge_belongs_to_the_window_of_its_last_sighting():
    ((window,), _) = (
        [
            one
            for one in analyse([batch(BY_CLIENT)], Directory(OBJECTS), 1_000, "test").windows
            if one.workload.name == name
        ]
        for name in ("client", "server")
    )
    assert (window.start, window.end, window.final) == (T0, T0 + 1_000, True)
