"""Settings that cannot be are refused by name."""

import math
import os
import uuid
from pathlib import Path

import pytest

from collector.settings import MOST_ROWS, CollectorSettings, ReplaySettings
from schemas.errors import UsageError
from schemas.framing import Writer
from schemas.kafka import KafkaSettings
from schemas.records import Basis, Connection, ConnectionBatch, Connections, Protocol, Role
from schemas.topics import CONNECTIONS, MAX_RECORD_BYTES

KAFKA = KafkaSettings("127.0.0.1:9092")


@pytest.mark.parametrize("name", ["interval_s", "map_entries", "batch_rows", "spool_mib"])
def test_a_size_of_zero_is_refused(name):
    """The error names the option."""
    with pytest.raises(UsageError, match=name.removesuffix("_s").replace("_", "-")):
        CollectorSettings(KAFKA, **{name: 0})


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_an_interval_is_a_number(value):
    """Neither nan nor infinity is a time to wait."""
    with pytest.raises(UsageError, match="interval"):
        CollectorSettings(KAFKA, interval_s=value)
    with pytest.raises(UsageError, match="interval"):
        ReplaySettings(KAFKA, Path("x"), interval_s=value)


def test_a_node_has_a_name():
    """An empty variable of the DaemonSet is told, not published."""
    with pytest.raises(UsageError, match="--node"):
        CollectorSettings(KAFKA, node="")


def test_the_replay_is_checked_the_same_way():
    """An interval is longer than nothing."""
    with pytest.raises(UsageError, match="interval"):
        ReplaySettings(KAFKA, Path("x"), interval_s=-1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("interval_s", 1e300),
        ("repeat_s", 1e308),
        ("scan_s", 1e308),
        ("spool_mib", 1e308),
        ("spool_dir_mib", float("inf")),
        ("flow_entries", 2**32 + 1),
        ("map_entries", 10**9),
        ("batch_rows", MOST_ROWS + 1),
        ("repeat_s", float("nan")),
        ("repeat_s", -1),
    ],
)
def test_a_number_beyond_reason_is_refused_by_name(name, value):
    """Before anything is asked of the kernel or of Kafka."""
    with pytest.raises(UsageError, match=name.removesuffix("_s").replace("_", "-")):
        CollectorSettings(KafkaSettings("b"), node="n", **{name: value})


@pytest.mark.parametrize("value", [1e300, 0, float("nan"), 1e-9])
def test_a_replay_needs_an_interval_that_can_be(value):
    """The same of recorded time."""
    with pytest.raises(UsageError, match="interval"):
        ReplaySettings(KafkaSettings("b"), Path("f"), interval_s=value)


def test_the_most_rows_fit_a_record():
    """Even if no two rows share an address, a namespace or a pod, and every number is a long one."""
    day = 86_400_000
    rows = (
        Connection(
            Role.CLIENT, Basis.CONNECT, Protocol.TCP, os.urandom(16), os.urandom(16), 65_535, established=True,
            count=2**31, first_seen=day, last_seen=2 * day, netns_cookie=2**63 - 1 - index, pod_uid=str(uuid.uuid4()),
        )
        for index in range(MOST_ROWS)
    )  # fmt: skip
    batch = ConnectionBatch("c" * 253, "n" * 253, str(uuid.uuid4()), 0, 0, day, connections=Connections.of(rows, 0))
    assert len(Writer(CONNECTIONS.name, ConnectionBatch)(batch)) < MAX_RECORD_BYTES


@pytest.mark.parametrize("name", ["interval_s", "scan_s", "spool_mib", "spool_dir_mib"])
def test_a_slip_of_the_hand_towards_nothing_is_refused(name):
    """It would be a busy loop, or no room for one batch."""
    with pytest.raises(UsageError, match=f"{name.removesuffix('_s').replace('_', '-')} must be at least"):
        CollectorSettings(KAFKA, **{name: 1e-9})
