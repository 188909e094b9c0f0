"""A recording taken in line by line: what it held, kept small, in no particular order."""

from collections import Counter
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import assert_never

from advisor.recorded.forms import parse
from advisor.recorded.lines import Line, ReadLine
from advisor.recorded.model import BadLine, EnrichedLine, ImportedEvent, RawLine, SeenAddress, Skipped
from advisor.recorded.windows import WindowFold
from schemas.codec import BadRecord
from schemas.records import Connection


class Recording:
    """Everything that the lines of one or more recordings say.

    Attributes:
        raw: Connections by node; a line that was read twice counts once.
        windows: The enriched edges.
        events: Imported events, and how often each was read.
        skipped: Well-formed lines without a connection, by reason.
        bad: How many lines could not be read.
        good: How many could.
    """

    def __init__(self) -> None:
        self.raw: dict[str, set[Connection]] = {}
        self.windows = WindowFold()
        self.events: Counter[ImportedEvent] = Counter()
        self.skipped: Counter[str] = Counter()
        self.bad = 0
        self.good = 0

    def take(self, lines: Iterable[ReadLine], complain: Callable[[BadLine], None]) -> None:
        """All of the lines; bad ones are counted and handed to `complain`."""
        for line in lines:
            bad = line if isinstance(line, BadLine) else self._taken(line)
            if bad is not None:
                self.bad += 1
                complain(bad)

    def _taken(self, line: Line) -> BadLine | None:
        try:
            self._add(parse(line.value))
        except BadRecord as error:
            return BadLine(line.number, str(error))
        self.good += 1
        return None

    def _add(self, recorded: RawLine | EnrichedLine | ImportedEvent | Skipped) -> None:
        match recorded:
            case RawLine(node, connection):
                self.raw.setdefault(node, set()).add(connection)
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

    def connections(self, node: str) -> list[Connection]:
        """A node's raw connections, in the order of time."""
        return sorted(self.raw[node], key=_time_order)


def _time_order(row: Connection) -> tuple[object, ...]:
    return (
        row.first_seen, row.last_seen, row.local_address, row.remote_address, row.port, row.protocol.value,
        row.role.value, row.basis.value, row.established, row.netns_cookie, row.pod_uid, row.count,
    )  # fmt: skip
