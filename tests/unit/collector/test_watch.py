"""The sources of a node's edges as one: what is due when, whose sockets they are, and what could not be looked at."""

from dataclasses import dataclass, field

from collector.drain import Drained
from collector.layout import KEY, VALUE, Counter
from collector.scan import Scan
from collector.watch import Watch

POD = "0f6c1a52-7c0b-4f0e-8c3d-5b1f2a9d4e77"
STATIC = "7b3d1f2e9c4a5b6d8e0f1a2b3c4d5e6f"


def _row(cookie, count=1):
    return KEY.pack(b"\x0a", b"\x0b", cookie, 0, 80, 2, 6, 0, 0, 1), VALUE.pack(count, 0, 0)


@dataclass
class Source:
    """The kernel's maps."""

    rows: tuple = ()
    recording: bool = True

    def drain(self):
        return Drained(self.rows, (0,) * len(Counter), 0, 0)

    def older_are_known(self):
        self.recording = False


@dataclass
class Scans:
    """A scanner that finds what it is told."""

    found: Scan
    made: int = 0

    def scan(self, _boot_ns):
        self.made += 1
        return self.found


@dataclass
class Pods:
    """A directory with two pods."""

    failed: int = 2
    refreshed: list = field(default_factory=list)
    asked: set = field(default_factory=set)

    def refresh(self, now):
        self.refreshed.append(now)

    def resolve(self, pairs, _now):
        self.asked |= set(pairs)

    def uid(self, cookie, _group):
        return {7: POD, 8: STATIC}.get(cookie, "")


def test_scanned_rows_come_with_the_next_drain_and_once():
    """The first scan also ends the recording of what was counted meanwhile."""
    source, scans = Source((_row(1),)), Scans(Scan((_row(2, 0),), failed=3, unsure=4))
    watch = Watch(source, scans, None, scan_s=60)
    assert watch.turn(100.0).failed == 3
    assert not source.recording
    assert [len(watch.drain(101.0).rows), len(watch.drain(106.0).rows)] == [2, 1]
    assert watch.losses == {"scan_failed": 3, "scan_unsure": 4, "pod_failed": 0}


def test_a_scan_is_due_when_its_time_has_come():
    """At once, and then each `scan_s`."""
    scans = Scans(Scan((), failed=0))
    watch = Watch(Source(), scans, None, scan_s=60)
    reports = [watch.turn(now) for now in (0.0, 1.0, 59.0, 60.0, 61.0)]
    assert [report is not None for report in reports] == [True, False, False, True, False]
    assert scans.made == 2


def test_pods_are_refreshed_each_second_and_asked_for_what_a_drain_shows():
    """A pod that has just begun is looked for when its first row is drained."""
    pods = Pods()
    watch = Watch(Source((_row(7), _row(9))), None, pods, scan_s=60)
    for now in (0.0, 0.2, 0.4, 1.1, 1.3):
        watch.turn(now)
    watch.drain(2.0)
    assert pods.refreshed == [0.0, 1.1]
    assert pods.asked == {(7, 0), (9, 0)}
    assert watch.losses["pod_failed"] == 2


def test_only_uids_that_the_api_server_knows_are_told():
    """A static pod's hash is none, and without pods nobody is told."""
    watch = Watch(Source(), None, Pods(), scan_s=60)
    assert [watch.pod_uid(cookie, 0) for cookie in (7, 8, 9)] == [POD, "", ""]
    assert Watch(Source(), None, None, scan_s=60).pod_uid(7, 0) == ""
