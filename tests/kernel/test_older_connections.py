"""Connections older than the programs are edges, each counted once, whatever begins meanwhile."""

import contextlib
import threading
import time

import pytest
from held_connections import IPV4, IPV6, connections, counts, established
from namespaces import CLIENT, SERVER
from programs import wait_until

from schemas.records import Role

pytestmark = pytest.mark.kernel


def test_a_restart_counts_what_is_still_open(held, watch, scanner):
    """The second collector knows nothing of the first: its first scan counts the live ones, however old."""
    listening = held.listen(IPV4, SERVER, 80)
    held.connect(listening, (SERVER, 80), 5)
    first = watch()
    assert set(counts(connections(scanner(first).scan(0))).values()) == {5}
    held.connect(listening, (SERVER, 80), 6)
    held.close(4)
    assert set(counts(first.rows()).values()) == {6}
    assert set(counts(connections(scanner(watch()).scan(0))).values()) == {7}


def test_later_scans_say_what_is_open_and_count_nothing(held, watch, scanner):
    """A heartbeat has the edge's key and no count; an edge that was closed has none."""
    long_lived, short_lived = held.listen(IPV4, SERVER, 80), held.listen(IPV4, SERVER, 81)
    held.connect(long_lived, (SERVER, 80), 3)
    held.connect(short_lived, (SERVER, 81), 2)
    scanning = scanner(watch())
    first = scanning.scan(0)
    held.close(2)
    later = scanning.scan(0)
    expected = {(Role.CLIENT, CLIENT, SERVER, 80): 0, (Role.SERVER, SERVER, CLIENT, 80): 0}
    assert counts(connections(later)) == expected
    assert {key for key, _ in later.rows} <= {key for key, _ in first.rows}


def test_no_connection_is_counted_twice_or_never(held, watch, scanner):
    """While the programs are attached and the first scan runs, connections begin: either counts each of them."""
    listening, stop = held.listen(IPV4, SERVER, 80), threading.Event()

    def begin():
        while not stop.is_set() and len(held.clients) < 4000:
            held.connect(listening, (SERVER, 80))
            time.sleep(0.001)

    def some_more():
        enough = len(held.clients) + 50
        wait_until(lambda: len(held.clients) > enough, 30, "connections")

    beginning = threading.Thread(target=begin)
    beginning.start()
    try:
        some_more()
        watched = watch()
        some_more()
        found = scanner(watched).scan(0)
        some_more()
    finally:
        stop.set()
        beginning.join()
    old, new = counts(connections(found)), counts(watched.rows())
    edges = {(Role.CLIENT, CLIENT, SERVER, 80), (Role.SERVER, SERVER, CLIENT, 80)}
    assert {edge: old[edge] + new[edge] for edge in edges} == dict.fromkeys(edges, len(held.clients))
    assert min(old.values()) >= 50
    assert min(new.values()) >= 100
    assert found.unsure == 0


def test_more_new_connections_than_can_be_remembered_are_not_guessed(held, watch, scanner):
    """Nothing of the first scan counts then, and how many may have been older is told."""
    listening = held.listen(IPV4, SERVER, 80)
    held.connect(listening, (SERVER, 80), 3)
    watched = watch()  # remembers 1,024 sockets
    held.connect(listening, (SERVER, 80), 600)
    found = scanner(watched).scan(0)
    assert set(counts(connections(found)).values()) == {0}
    assert found.unsure == 2 * 603 - 1024


def test_what_was_never_established_or_stays_in_the_pod_is_no_edge(held, watch, scanner):
    """A SYN without an answer, and connections over loopback or to the pod's own address."""
    with contextlib.ExitStack() as stack:
        waiting = stack.enter_context(held.pair.client.open_socket(IPV4))
        waiting.settimeout(0)
        assert waiting.connect_ex(("10.201.0.77", 80)) != 0
        listening = held.listen(IPV6, "::", 80)
        for target in ("127.0.0.1", SERVER):
            own = stack.enter_context(held.pair.server.open_socket(IPV4))
            own.connect((target, 80))
            stack.enter_context(listening.accept()[0])
        assert established(held.pair) == [0, 4]
        assert scanner(watch()).scan(0).rows == ()
