"""What is counted while the maps are drained is neither lost nor counted twice; what does not fit is counted."""

import socket
import threading
import time

import pytest
from namespaces import SERVER, connect

from schemas.records import Role

pytestmark = pytest.mark.kernel


def test_a_full_map_counts_what_it_cannot_hold(pair, watch):
    """Observed and lost together are what was made, over more than one interval."""
    watched, observed = watch(map_entries=16), 0
    for ports in (range(1000, 1061), range(2000, 2061)):
        for port in ports:
            with pair.server.listen(socket.AF_INET, SERVER, port) as listening:
                connect(pair.client, listening, (SERVER, port), 2)
        observed += sum(row.count for row in watched.rows())
    lost = watched.losses["map_full"]
    assert observed >= 2 * 16
    assert lost > 0
    assert observed + lost == 2 * (2 * 61) * 2


def test_the_map_has_room_again_after_a_drain(pair, watch, counts):
    """A full interval does not spoil the next two, which use both maps."""
    watched = watch(map_entries=2)
    for _ in range(3):
        with pair.server.listen(socket.AF_INET, SERVER, 80) as listening:
            connect(pair.client, listening, (SERVER, 80), 5)
        assert counts(watched.rows(), lambda row: row.role) == {Role.CLIENT: 5, Role.SERVER: 5}
    assert watched.losses == {}


def test_draining_under_load_loses_nothing(pair, watch):
    """Four threads connect while the maps are switched as fast as it goes: every count is exact."""
    watched, each, ports = watch(HOLD_ROUNDS=2000), 997, range(3000, 3004)
    listening = [pair.server.listen(socket.AF_INET, SERVER, port) for port in ports]
    callers = [
        threading.Thread(target=connect, args=(pair.client, open_socket, (SERVER, port), each))
        for open_socket, port in zip(listening, ports, strict=True)
    ]
    totals, drains = {}, 0
    for caller in callers:
        caller.start()
    while any(caller.is_alive() for caller in callers):
        _add(totals, watched.rows())
        drains += 1
    _add(totals, watched.rows())
    for open_socket in listening:
        open_socket.close()
    assert totals == {(role, port): each for role in (Role.CLIENT, Role.SERVER) for port in ports}
    assert drains > 20
    assert watched.losses == {}


def _add(totals, rows):
    for row in rows:
        totals[row.role, row.port] = totals.get((row.role, row.port), 0) + row.count


def test_a_switch_takes_no_longer_than_a_few_grace_periods(pair, watch):
    """The wait for running programs is the kernel's, and short beside any interval."""
    watched, started = watch(), time.monotonic()
    for _ in range(10):
        watched.rows()
    assert time.monotonic() - started < 5
