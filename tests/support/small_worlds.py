"""Small clusters and what was seen in them: hypothesis strategies, made so that mistakes of an inference matter.

Namespaces share labels, workloads share ports, Services differ from pod ports, and one selector may be part of another.
"""

from dataclasses import dataclass

from hypothesis import strategies as st

from schemas.records import (
    ApiServerPeer,
    Edge,
    ExternalPeer,
    NodePeer,
    Protocol,
    Role,
    ServiceRef,
    UnresolvedPeer,
    Workload,
    WorkloadPeer,
    WorkloadWindow,
)

WINDOW_MS = 300_000
NAMESPACES = ("shop", "bank")
PORTS = (53, 80, 5000, 5353, 8080)
SELECTORS = (
    (("app", "one"),),
    (("app", "one"), ("tier", "back")),
    (("app", "two"),),
    (("app", "true"),),
    (("app.kubernetes.io/name", "one"), ("app.kubernetes.io/part-of", "1.0")),
    (),
)


@dataclass(frozen=True)
class World:
    """What was seen of one cluster."""

    windows: tuple[WorkloadWindow, ...]


def workload(namespace, index, kind="Deployment", *, host_network=False):
    """A workload whose selector follows from its number."""
    return Workload(namespace, kind, f"w{index}", SELECTORS[index], host_network)


workloads = st.builds(workload, st.sampled_from(NAMESPACES), st.integers(0, len(SELECTORS) - 1))
host_workloads = st.just(Workload("shop", "DaemonSet", "agent", SELECTORS[2], host_network=True))
external = st.one_of(
    st.integers(1, 40).map(lambda number: ExternalPeer(f"203.0.{number % 4}.{number * 5}")),
    st.integers(1, 40).map(lambda number: ExternalPeer(f"2001:db8:{number % 3}::{number:x}")),
    st.sampled_from(["8.8.8.8", "1.1.1.1", "172.16.9.9", "192.168.1.7", "169.254.169.254", "fd12::1"]).map(
        ExternalPeer
    ),
)
peers = st.one_of(
    workloads.map(WorkloadPeer),
    workloads.map(WorkloadPeer),
    host_workloads.map(WorkloadPeer),
    external,
    st.builds(NodePeer, st.sampled_from(["192.168.0.2", "192.168.0.3"]), st.just("n"), st.booleans()),
    st.just(ApiServerPeer("192.168.0.9")),
    st.just(UnresolvedPeer("10.1.2.3", "no_lease")),
)
services = st.builds(ServiceRef, st.just("shop"), st.sampled_from(["x", "dns"]), st.sampled_from([53, 80, 443]))
counts = st.sampled_from([0, 1, 1, 2, 7])
doubtful = st.sampled_from([False, False, True])


@st.composite
def edges(draw, peer=peers, start=0):
    """An edge in a window that begins at `start`."""
    count, first = draw(counts), start + draw(st.integers(0, WINDOW_MS - 2))
    by_client = draw(st.booleans())
    still_open = () if count or draw(st.booleans()) else (draw(st.sampled_from(Role)),)
    return Edge(
        role=draw(st.sampled_from([Role.CLIENT, Role.CLIENT, Role.SERVER, Role.SERVER, Role.UNKNOWN])),
        peer=draw(peer),
        protocol=draw(st.sampled_from([Protocol.TCP, Protocol.TCP, Protocol.UDP])),
        port=draw(st.sampled_from(PORTS)),
        client_count=count if by_client else 0,
        server_count=0 if by_client else count,
        unknown_count=0,
        attempts=draw(st.integers(0, 1)) if count or still_open else 1,
        first_seen=first,
        last_seen=first + 1,
        services=tuple(draw(st.lists(services, max_size=1))),
        still_open=still_open,
        shared=draw(doubtful),
        hidden_client=draw(doubtful),
        unconfirmed=draw(doubtful),
    )


def window(subject, start, found, revision=1, *, complete=True):
    """A window of the subject with these edges."""
    return WorkloadWindow(
        cluster="test",
        workload=subject,
        start=start,
        end=start + WINDOW_MS,
        revision=revision,
        final=True,
        complete=complete,
        incomplete_because=() if complete else ("node n did not report",),
        sources=(),
        edges=tuple(found),
    )


@st.composite
def windows_of(draw, subject, peer=peers):
    """Some windows of one workload, each with its revisions: a later one holds all of an earlier one."""
    found = []
    for index in draw(st.lists(st.integers(0, 30), min_size=1, max_size=3, unique=True)):
        start = index * WINDOW_MS
        seen = draw(st.lists(edges(peer, start), min_size=1, max_size=6))
        cuts = sorted({*draw(st.lists(st.integers(1, len(seen)), max_size=2)), len(seen)})
        complete = draw(st.booleans())
        for revision, cut in enumerate(cuts, 1):
            found.append(window(subject, start, seen[:cut], revision, complete=complete))
    return found


@st.composite
def worlds(draw, peer=peers):
    """Windows of a few workloads."""
    subjects = draw(st.lists(workloads, min_size=1, max_size=3, unique_by=lambda one: one.ref))
    return World(tuple(one for subject in subjects for one in draw(windows_of(subject, peer))))


@st.composite
def crowds(draw):
    """A workload that met many external addresses on one port, so that they must fold."""
    subject = workload("shop", 0)
    role = draw(st.sampled_from([Role.CLIENT, Role.SERVER]))
    anywhere, near, private = (1, 2**32 - 2), (0xCB007100, 0xCB0071FF), (0x0A000000, 0x0A00FFFF)
    numbers = st.one_of(*(st.integers(*bounds) for bounds in (anywhere, near, private)))
    addresses = draw(st.lists(numbers, min_size=10, max_size=40, unique=True))
    found = [Edge(role, ExternalPeer(_text(one)), Protocol.TCP, 443, 1, 0, 0, 0, 0, 1) for one in addresses]
    return World((window(subject, 0, found),))


def _text(number):
    return ".".join(str(byte) for byte in number.to_bytes(4, "big"))
