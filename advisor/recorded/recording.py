"""A recording taken in line by line: what it held, kept small, in no particular order."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import assert_never

from advisor.recorded.forms import parse
from advisor.recorded.imports import enriched, names_only
from advisor.recorded.lines import Line, ReadLine
from advisor.recorded.model import (
    BadLine,
    EnrichedLine,
    ImportedEvent,
    RawLine,
    Recorded,
    SeenAddress,
    Skipped,
)
from advisor.recorded.objects import ObjectsFirst
from advisor.recorded.raw import RawFold
from advisor.recorded.windows import WindowFold
from schemas.codec import BadRecord
from schemas.errors import UsageError
from schemas.records import InventoryObject
from streams.directory.directory import Directory


class Recording:
    """Everything that the lines of one or more recordings say.

    Attributes:
        objects: The Kubernetes objects that explain addresses and names; none if none were given.
        windows: The edges; complete after `finish`.
        raw: What became of raw connections.
        events: Imported events, and how often each was read.
        skipped: Well-formed lines without a connection, by reason.
        bad: How many lines could not be read.
        good: How many could.
    """

    def __init__(self, objects: Sequence[InventoryObject] = ()) -> None:
        self.objects = tuple(objects)
        self._directory = Directory(self.objects)
        self.windows = WindowFold()
        self.raw = RawFold(self._directory, self.windows)
        self.events: Counter[ImportedEvent] = Counter()
        self.skipped: Counter[str] = Counter()
        self.bad = 0
        self.good = 0

    def take(self, lines: Iterable[ReadLine], complain: Callable[[BadLine], None]) -> None:
        """All of the lines; bad ones are counted and handed to `complain`.

        Raises:
            UsageError: A line is raw, and there are no objects.
        """
        for line in lines:
            bad = line if isinstance(line, BadLine) else self._taken(line)
            if bad is not None:
                self.bad += 1
                complain(bad)

    def finish(self) -> None:
        """Make edges of what could not be explained before all was read; once, after the last line."""
        self.raw.flush()
        names = names_only(self.events)
        whose = ObjectsFirst(self.objects, self._directory, names) if self.objects else names
        for line in enriched(self.events, whose):
            self.windows.add(line.workload, line.edge)

    def _taken(self, line: Line) -> BadLine | None:
        try:
            self._add(parse(line.value), line.number)
        except BadRecord as error:
            return BadLine(line.number, str(error))
        self.good += 1
        return None

    def _add(self, recorded: Recorded, number: int) -> None:
        match recorded:
            case RawLine(node, connection):
                self._require_objects(number)
                self.raw.add(node, connection)
            case EnrichedLine(workload, edge):
                self.windows.add(workload, edge)
            case ImportedEvent(remote=SeenAddress(address)) if ip_address(address).is_loopback:
                self.skipped["loopback"] += 1
            case ImportedEvent():
                self.events[recorded] += 1
            case Skipped(reason):
                self.skipped[reason] += 1
            case _:
                assert_never(recorded)

    def _require_objects(self, number: int) -> None:
        if not self.objects:
            raise UsageError(
                f"line {number} is a raw connection, whose addresses only Kubernetes objects can explain. Give them "
                "with --objects, for example from `kubectl get pods,services,endpointslices,nodes,namespaces,"
                "deployments,replicasets,statefulsets,daemonsets,jobs,cronjobs -A -o yaml`."
            )
