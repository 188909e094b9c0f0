"""The latest suggestion of each workload of a cluster, among the records of `netpol.policy-suggestions`. No I/O.

Most records of a compacted topic are out of date: only the latest of a workload is ever decoded.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from schemas.codec import BadRecord
from schemas.dead_letters import RawRecord
from schemas.errors import Unavailable
from schemas.records import PolicySuggestion, WorkloadRef

_KEY_PARTS: Final = 4


@dataclass(frozen=True, slots=True)
class Latest:
    """What the topic holds of one cluster.

    Attributes:
        cluster: The cluster's name.
        records: The latest record of each workload that has one.
        gone: Workloads whose suggestion was withdrawn for good.
        others: Names of other clusters in the topic, sorted.
        nameless: Records whose key names no workload.
    """

    cluster: str
    records: Mapping[WorkloadRef, RawRecord]
    gone: frozenset[WorkloadRef]
    others: tuple[str, ...]
    nameless: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A workload whose latest record is no suggestion of it.

    Attributes:
        ref: The workload, by the record's key.
        reason: Why, with the record's place.
    """

    ref: WorkloadRef
    reason: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Decoded.

    Attributes:
        readable: In the order of namespace, kind and name.
        unreadable: Workloads of which nothing can be said, likewise.
    """

    readable: tuple[PolicySuggestion, ...]
    unreadable: tuple[Unreadable, ...]


def latest_of(records: Iterable[RawRecord], cluster: str) -> Latest:
    """The latest record of each workload; the records of one partition are in order."""
    found: dict[WorkloadRef, RawRecord] = {}
    others: set[str] = set()
    nameless = 0
    for record in records:
        name, _, rest = (record.key or b"").decode(errors="replace").partition("/")
        parts = rest.split("/")
        if len(parts) != _KEY_PARTS - 1 or not name or not all(parts):
            nameless += 1
        elif name == cluster:
            found[WorkloadRef(*parts)] = record
        else:
            others.add(name)
    gone = frozenset(ref for ref, record in found.items() if record.value is None)
    kept = {ref: record for ref, record in found.items() if ref not in gone}
    return Latest(cluster, kept, gone, tuple(sorted(others)), nameless)


def decoded(
    latest: Latest,
    read: Callable[[bytes], PolicySuggestion],
    wanted: Callable[[WorkloadRef], bool] = lambda _ref: True,
) -> Suggestions:
    """The suggestions of the wanted workloads; raises Unavailable if `read` cannot know a writer's schema."""
    made = [_read(ref, latest.records[ref], latest.cluster, read) for ref in sorted(latest.records) if wanted(ref)]
    return Suggestions(
        tuple(one for one in made if isinstance(one, PolicySuggestion)),
        tuple(one for one in made if isinstance(one, Unreadable)),
    )


def notes_of(latest: Latest, unreadable: Iterable[Unreadable]) -> Iterator[str]:
    """What a person should know of the topic, a sentence each."""
    if latest.nameless:
        yield f"left out: {latest.nameless} records whose key is not cluster/namespace/kind/name"
    yield from (f"{one.ref}: its suggestion cannot be read: {one.reason}" for one in unreadable)
    if not latest.records and latest.others:
        yield f"no suggestion of cluster {latest.cluster}; the topic has some of {', '.join(latest.others)} (--cluster)"


def _read(
    ref: WorkloadRef, record: RawRecord, cluster: str, read: Callable[[bytes], PolicySuggestion]
) -> PolicySuggestion | Unreadable:
    place = f"partition {record.partition} offset {record.offset}"
    try:
        suggestion = read(record.value or b"")
    except BadRecord as error:
        return Unreadable(ref, f"{place}: {error}")
    except Unavailable as error:
        raise Unavailable(f"{place} cannot be read now: {error}") from error
    if (suggestion.cluster, suggestion.workload.ref) != (cluster, ref):
        return Unreadable(ref, f"{place}: it is of {suggestion.key}")
    return suggestion
