"""`network-policy monitor` on the real Kafka."""

import io
import json
import signal
import time
from dataclasses import replace

import pytest

from advisor.report import read, report_of
from synthesizer.offline import suggestions_of
from synthesizer.options import Isolation

pytestmark = pytest.mark.kafka


def told(monitor, count):
    """The lines, once there are so many."""
    deadline = time.monotonic() + 30
    while len(monitor.lines()) < count:
        assert time.monotonic() < deadline, monitor.child.tail()
        time.sleep(0.05)
    return [json.loads(line) for line in monitor.lines()]


def counts(lines):
    return [(one["workload"]["name"], one["port"], one["count"], one.get("established", True)) for one in lines]


def test_each_line_is_what_a_revision_adds(monitor, publish, shop):
    """As soon as it is seen, in order, flushed; other clusters' windows are not ours."""
    running = monitor()
    publish(*shop)
    assert counts(told(running, 7)) == [
        ("cart", 7070, 2, True),
        ("pay", 8443, 1, True),
        ("pay", 443, 4, True),
        ("cart", 7070, 3, True),
        ("cart", 8443, 1, True),
        ("cart", 7070, 1, True),
        ("cart", 7070, 1, False),
    ]
    assert running.child.stop() == 0
    assert "7 lines from 4 windows" in running.child.tail()


def test_it_begins_at_the_end_of_the_topic_or_at_its_beginning(monitor, publish, shop):
    """What was there before is printed only if asked for."""
    publish(shop[0])
    running = monitor()
    publish(shop[1])
    assert {one["workload"]["name"] for one in told(running, 2)} == {"pay"}
    running.child.stop()
    again = monitor("--from-beginning")
    assert {one["workload"]["name"] for one in told(again, 3)} == {"cart", "pay"}


@pytest.mark.parametrize("options", [["--namespaces", "bank,other"], ["--namespaces", "other", "-n", "bank"]])
def test_namespaces_are_those_of_the_workload(monitor, publish, shop, options):
    """Comma-separated or repeated."""
    running = monitor(*options)
    publish(*shop)
    assert {one["workload"]["namespace"] for one in told(running, 2)} == {"bank"}
    running.child.stop()
    assert len(running.lines()) == 2


def test_records_that_cannot_be_read_are_counted(monitor, publish, shop):
    """And what follows is printed."""
    running = monitor()
    publish(b"garbage", b"", shop[0])
    assert len(told(running, 1)) == 1
    assert running.child.stop() == 0
    assert "2 unreadable records" in running.child.tail()


def test_it_ends_by_itself_or_when_told(monitor):
    """After --duration, and on Ctrl-C, both with exit code 0."""
    assert monitor("--duration", "0.5").child.wait(20) == 0
    running = monitor()
    running.child._process.send_signal(signal.SIGINT)
    assert running.child.wait(20) == 0


def test_a_recording_gives_the_policies_of_the_windows(monitor, publish, shop):
    """The seed's two commands: monitor, then report; the same bytes as the synthesizer's."""
    running = monitor()
    publish(*shop)
    told(running, 7)
    running.child.stop()
    recording = read(io.BytesIO(running.output.read_bytes()), (), lambda bad: pytest.fail(bad.reason))
    latest = [replace(shop[3], final=True), replace(shop[1], final=True)]
    expected = [one.policy for one in suggestions_of(latest)]
    assert [one.policy for one in report_of(recording, Isolation.BOTH).suggestions] == expected
    totals = {(edge.port, edge.role.value): edge.count for one in recording.windows.windows() for edge in one.edges}
    assert totals == {(7070, "SERVER"): 6, (8443, "SERVER"): 1, (8443, "CLIENT"): 1, (443, "CLIENT"): 4}
