"""A window as it is told to the world."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from operator import itemgetter

from schemas.records import Edge, Told, WindowSource, WorkloadWindow
from streams.windows.edge_sum import CLIENT, SERVER, EdgeSum
from streams.windows.fitting import LEFT_OUT
from streams.windows.interned import KIND_MASK, PEER_SHIFT, Peers, kind_parts
from streams.windows.joins import nodes_of, not_reached
from streams.windows.ledger import Boot
from streams.windows.open_window import OpenWindow
from streams.windows.order import EdgeOrder

_ONE_END = (1 << CLIENT, 1 << SERVER)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a window's edges are judged by, besides themselves.

    Attributes:
        around: The window and those of the workload before and after it.
        reported: Nodes whose collectors reported from its time.
        because: Why it is not complete.
    """

    around: Sequence[OpenWindow]
    reported: AbstractSet[str]
    because: tuple[str, ...]


def emit(window: OpenWindow, cluster: str, setting: Setting, peers: Peers) -> WorkloadWindow:
    """The next revision; the window then is as it was emitted."""
    window.joined = nodes_of(window, setting.around, peers)
    explained = window.joined.explained | not_reached(window)
    window.revision += 1
    edges = [*_edges(window, explained, setting, peers), *window.crowds.edges(window.start, window.end)]
    edges.sort(key=itemgetter(0))
    because = tuple(sorted({*setting.because, LEFT_OUT})) if window.left_out else setting.because
    return WorkloadWindow(
        cluster, window.workload, window.start, window.end, window.revision, window.final, not because,
        because, tuple(_sources(window)), tuple([edge for _, edge in edges]),
        tuple(edge for _, edge in sorted(_made(window, key, peers) for key in explained)), window.crowds.told(),
        window.newest, window.left_out,
    )  # fmt: skip


def _edges(
    window: OpenWindow, explained: AbstractSet[int], setting: Setting, peers: Peers
) -> Iterator[tuple[EdgeOrder, Edge]]:
    translated = {key & KIND_MASK for key in window.joined.explained}
    for key, total in window.edges.items():
        if key in explained:
            continue
        order, edge = _made(window, key, peers)
        if key in window.joined.hidden:
            edge = replace(edge, hidden_client=True)
        elif window.final and key & KIND_MASK not in translated and _is_contradicted(total, setting.reported):
            edge = replace(edge, unconfirmed=True)
        yield order, edge


def _is_contradicted(total: EdgeSum, reported: AbstractSet[str]) -> bool:
    """One end only saw it, although a node of the other end reported."""
    return total.sure and total.ends in _ONE_END and not reported.isdisjoint(total.far)


def _made(window: OpenWindow, key: int, peers: Peers) -> tuple[EdgeOrder, Edge]:
    total = window.edges[key]
    if total.made is None:
        role, protocol, port = kind_parts(key & KIND_MASK)
        total.made = (peers.order(key), total.edge(role, peers[key >> PEER_SHIFT].peer, protocol, port))
    return total.made


def _sources(window: OpenWindow) -> Iterator[WindowSource]:
    told: dict[Boot, list[Told]] = defaultdict(list)
    for (node, kind), counts in sorted(window.told.items()):
        _, protocol, port = kind_parts(kind)
        for boot_id, count in counts.items():
            told[Boot(node, boot_id)].append(Told(protocol, port, count))
    for boot, applied in sorted(window.sources.items()):
        yield WindowSource(
            boot.node, boot.boot_id, applied.sequence, applied.missing, applied.losses, tuple(told.get(boot, ()))
        )
