"""Imported events as edges of workloads, once it is known who is meant."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from advisor.recorded.model import EnrichedLine, ImportedEvent, SeenAddress, SeenEnd, SeenPod, SeenService
from advisor.recorded.whose import NamesOnly, Reached, Whose
from schemas.records import Basis, Edge, Role, WorkloadPeer


def names_only(events: Mapping[ImportedEvent, int]) -> NamesOnly:
    """Answers from the events alone."""
    pods = {end for event in events for end in (event.local, event.remote) if isinstance(end, SeenPod)}
    services = {event.remote for event in events if isinstance(event.remote, SeenService)}
    return NamesOnly(pods, services)


def enriched(events: Mapping[ImportedEvent, int], whose: Whose) -> Iterator[EnrichedLine]:
    """The edges of the events' local pods; the count of an event is how often it was read."""
    for event, count in events.items():
        workload = whose.pod(event.local)
        for reached in _reached(event, event.remote, whose):
            yield EnrichedLine(workload, _edge(event, reached, count))


def _reached(event: ImportedEvent, remote: SeenEnd, whose: Whose) -> tuple[Reached, ...]:
    match remote:
        case SeenPod():
            return (Reached(WorkloadPeer(whose.pod(remote)), event.port),)
        case SeenService():
            return whose.service(remote, event)
        case SeenAddress():
            return whose.address(remote, event)
        case _:
            assert_never(remote)


def _edge(event: ImportedEvent, reached: Reached, count: int) -> Edge:
    client, server = (count, 0) if event.role is Role.CLIENT else (0, count)
    return Edge(
        event.role, reached.peer, event.protocol, reached.port, client, server, 0, 0, event.time, event.time,
        (Basis.IMPORT,), (reached.service,) if reached.service else (),
    )  # fmt: skip
