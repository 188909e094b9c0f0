"""The kernel's bytes become connections, or counted bad records; never a crash."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.layout import KEY, VALUE, decode, per_cpu_sum
from schemas.codec import BadRecord
from schemas.records import Basis, Connection, Protocol, Role

SECOND_NS = 1_000_000_000


def _key(**changed):
    given = {
        "local": ip_address("10.201.0.1").packed,
        "remote": ip_address("10.201.0.2").packed,
        "netns_cookie": 7,
        "cgroup_id": 0,
        "port": 8080,
        "family": 2,
        "protocol": 6,
        "role": 0,
        "basis": 0,
        "established": 1,
    }
    return KEY.pack(*{**given, **changed}.values())


def test_a_row_is_a_connection():
    """Boot-clock nanoseconds become milliseconds of UTC, IPv4 addresses their four bytes."""
    value = VALUE.pack(3, 2 * SECOND_NS, 5 * SECOND_NS)
    assert decode(_key(), value, 100 * SECOND_NS) == Connection(
        role=Role.CLIENT,
        basis=Basis.CONNECT,
        protocol=Protocol.TCP,
        local_address=ip_address("10.201.0.1").packed,
        remote_address=ip_address("10.201.0.2").packed,
        port=8080,
        established=True,
        count=3,
        first_seen=102_000,
        last_seen=105_000,
        netns_cookie=7,
    )


def test_ipv6_keeps_sixteen_bytes():
    """A family of 10 means sixteen bytes."""
    local = ip_address("fd00:201::1").packed
    assert decode(_key(family=10, local=local), VALUE.pack(1, 0, 0), 0).local_address == local


@pytest.mark.parametrize(
    "changed",
    [{"family": 1}, {"protocol": 1}, {"role": 3}, {"basis": 6}, {"netns_cookie": 2**63}],
    ids=lambda changed: next(iter(changed)),
)
def test_a_wrong_field_is_a_bad_record(changed):
    """Values that no program of ours writes are refused by name."""
    with pytest.raises(BadRecord, match="not an edge"):
        decode(_key(**changed), VALUE.pack(1, 0, 0), 0)


def test_a_heartbeat_is_a_connection():
    """A count of 0: still open, nothing new."""
    assert decode(_key(), VALUE.pack(0, 0, 0), 0).count == 0


def test_a_count_that_avro_cannot_hold_is_a_bad_record():
    """Its count is not believed, so the row is one record lost."""
    with pytest.raises(BadRecord, match="count 9223372036854775808"):
        decode(_key(), VALUE.pack(2**63, 0, 0), 0)


@given(st.binary(max_size=64), st.binary(max_size=32))
def test_bytes_of_any_length_never_crash(key, value):
    """A row of the wrong size is a bad record."""
    if len(key) != KEY.size or len(value) != VALUE.size:
        with pytest.raises(BadRecord):
            decode(key, value, 0)


def test_counters_add_up_over_cpus():
    """A per-CPU value is one u64 for each CPU."""
    assert per_cpu_sum(VALUE.pack(1, 2, 3)) == 6
    with pytest.raises(BadRecord):
        per_cpu_sum(b"123")
