"""What a node shows: the kernel's maps, the connections older than the programs, and whose pods' sockets they are."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from collector.batch import Progress
from collector.drain import Drained, EdgeSource, counted, since_boot_ns
from collector.features import Features
from collector.layout import NS_PER_MS, pair_of
from collector.link import root_cgroup
from collector.node import node_facts
from collector.pods import PodDirectory
from collector.probe import MapSizes, edges_spec
from collector.scan import Scanner

LOG: Final = logging.getLogger(__name__)
_REFRESH_S: Final = 1.0
"""Between two looks for new pods."""


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How a node is watched.

    Attributes:
        cgroup: Whose sockets, a directory of cgroup2.
        features: What this process may look at.
        sizes: Of the kernel's maps.
        scan_s: Seconds between two scans of the open sockets.
    """

    cgroup: Path
    features: Features
    sizes: MapSizes = field(default_factory=MapSizes)
    scan_s: float = 180.0


@dataclass(frozen=True, slots=True)
class ScanReport:
    """How a scan went.

    Attributes:
        seconds: How long it took.
        failed: Namespaces that could not be read.
    """

    seconds: float
    failed: int


class Watch:
    """The sources of a node's edges, as one. For one thread.

    Attributes:
        pods: Whose sockets they are; None if that feature is off.
        losses: What could not be looked at since the start, by stage.
    """

    def __init__(self, source: EdgeSource, scanner: Scanner | None, pods: PodDirectory | None, scan_s: float) -> None:
        self._source, self._scanner, self.pods = source, scanner, pods
        self._scan_s = scan_s
        self._scan_at = self._refresh_at = float("-inf")
        self._scanned: tuple[tuple[bytes, bytes], ...] = ()
        self._failed = self._unsure = 0

    @property
    def losses(self) -> Mapping[str, int]:
        """What could not be looked at since the start, by stage."""
        pods = self.pods.failed if self.pods is not None else 0
        return {"scan_failed": self._failed, "scan_unsure": self._unsure, "pod_failed": pods}

    def turn(self, now: float) -> ScanReport | None:
        """Do what is due between drains; to be called a few times a second.

        Args:
            now: Seconds of a clock that never goes back.
        """
        if self.pods is not None and now >= self._refresh_at:
            self.pods.refresh(now)
            self._refresh_at = now + _REFRESH_S
        if self._scanner is None or now < self._scan_at:
            return None
        self._scan_at = now + self._scan_s
        return self._scan(self._scanner)

    def end(self) -> None:
        """Let go of the kernel: the next drain is the last, and nothing begins unseen after it."""
        self._source.detach()

    def drain(self, now: float) -> Drained:
        """Every edge since the drain before, and what scans have found."""
        drained = self._source.drain()
        rows, self._scanned = (*drained.rows, *self._scanned), ()
        if self.pods is not None:
            self.pods.resolve({pair_of(key) for key, _ in rows}, now)
        return replace(drained, rows=rows)

    def pod_uid(self, netns_cookie: int, cgroup_id: int) -> str:
        """Whose socket it was, empty if that is not known.

        A static pod's control group has the hash of its manifest, which is no UID that the API server knows.
        """
        uid = self.pods.uid(netns_cookie, cgroup_id) if self.pods is not None else ""
        return uid if "-" in uid else ""

    def _scan(self, scanner: Scanner) -> ScanReport:
        began = time.monotonic()
        found = scanner.scan(since_boot_ns())
        self._source.older_are_known()
        if found.unsure:
            LOG.warning("%d connections may be older than the programs, and are shown without a count", found.unsure)
        self._scanned += found.rows
        self._failed += found.failed
        self._unsure += found.unsure
        return ScanReport(time.monotonic() - began, found.failed)


def began() -> Progress:
    """Where a boot stands that begins now."""
    utc_ns, boot_ns = time.time_ns(), since_boot_ns()
    return Progress(utc_ns // NS_PER_MS, boot_to_utc_ns=utc_ns - boot_ns)


@contextmanager
def watched(settings: WatchSettings) -> Iterator[Watch]:
    """Watch the node for the time of the block: the programs are attached, then what is older is scanned.

    Raises:
        KernelUnavailable: The kernel refuses.
    """
    features = settings.features
    spec = edges_spec(settings.sizes, node_facts(settings.cgroup), udp=features.udp)
    with counted(spec, settings.cgroup) as source:
        pods = PodDirectory(root_cgroup()) if features.pods or features.host_network else None
        scanner = Scanner(source.counted_so_far, _within(settings.cgroup)) if features.older else None
        if scanner is None:
            source.older_are_known()
        yield Watch(source, scanner, pods, settings.scan_s)


def _within(cgroup: Path) -> Callable[[], frozenset[int]] | None:
    """The ids of a control group and those below it, or None for the root, which alone has no type (cgroups(7))."""
    if not (cgroup / "cgroup.type").exists():
        return None
    return lambda: frozenset(os.stat(directory).st_ino for directory, _, _ in os.walk(cgroup))  # noqa: PTH116
