"""What a step counts of the records that it took, and what a stage keeps in memory."""

from dataclasses import dataclass

from schemas.records import Counts


@dataclass(frozen=True, slots=True)
class Tally:
    """Of one step; the first stage: connections = used + unresolved + ignored.

    Attributes:
        batches: Batches of connections that could be read.
        connections: In these batches.
        used: Of these, those that a workload's edge counts.
        unresolved: Of these, those of which an end is not known, by reason.
        ignored: Of these, those that concern no policy, by reason.
        edges: Observations of edges, written by the first stage and read by the second.
    """

    batches: int = 0
    connections: int = 0
    used: int = 0
    unresolved: Counts = ()
    ignored: Counts = ()
    edges: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """What a stage keeps between steps.

    Attributes:
        windows: Windows of workloads.
        edges: Edges in these windows.
        moved: Connections so far that were counted in a later window, because their own is not kept any more.
    """

    windows: int = 0
    edges: int = 0
    moved: int = 0
