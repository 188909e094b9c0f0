"""Law 3 for windows: order across nodes, repetition and restarts do not matter."""

from dataclasses import replace
from itertools import pairwise

from accounting import latest
from cluster_objects import T0, batch, connection, endpoints, facts, node, pod, service
from enriching import record_of
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import Role
from streams.directory.directory import Directory
from streams.windows.window import Windows, WindowSpec

LENGTH, DRAIN = 10_000, 4_000
SPEC = WindowSpec(LENGTH, lateness=20_000, retention=60_000, told_apart=2)
NODES = ("n0", "n1", "n2")
PODS = ("10.1.0.1", "10.1.0.2", "10.1.0.3")
NODE_ADDRESSES = tuple(f"192.168.0.{number}" for number in range(1, 4))
SERVICE = "10.96.0.9"
OUTSIDE = ("203.0.113.1", "203.0.113.2", "203.0.113.77", "203.0.200.1", "198.51.100.1", "198.52.100.1", "172.16.0.1")
DIRECTORY = Directory(
    (
        facts(),
        *(node(name, address) for name, address in zip(NODES, NODE_ADDRESSES, strict=True)),
        *(pod(f"pod-{ip[-1]}", ip, node=name) for name, ip in zip(NODES, PODS, strict=True)),
        service("api", SERVICE, ports=((80, "80"),)),
        endpoints("api", [(PODS[1], "pod-2"), (PODS[2], "pod-3")], ports=((80, 80),)),
    )
)
CALLS = st.tuples(
    st.sampled_from(PODS),
    st.sampled_from((*PODS, SERVICE, *NODE_ADDRESSES, *OUTSIDE)),
    st.sampled_from((80, 80, 443)),
    st.sampled_from(Role),
    st.integers(0, 9),
    st.booleans(),
    st.integers(0, DRAIN - 1),
)


@st.composite
def streams(draw):
    """Two to three nodes' batches, each node's own in order; some are lost on the way, some losses grow."""
    return [draw(batches_of(f"n{number}")) for number in range(draw(st.integers(2, 3)))]


@st.composite
def batches_of(draw, name):
    """A node's batches; its collector may start again, and what it held back is then never told."""
    made, losses, boot, first = [], 0, 0, 0
    for number in range(draw(st.integers(1, 6))):
        end = T0 + (number + 1) * DRAIN
        calls = draw(st.lists(CALLS, max_size=4))
        losses += draw(st.sampled_from((0, 0, 3)))
        rows = [
            connection(local, remote, port, role, count=count, established=ok, at=end - DRAIN + at)
            for local, remote, port, role, count, ok, at in calls
        ]
        if number and not draw(st.integers(0, 4)):
            boot, first, losses = boot + 1, number, 0
        if draw(st.integers(0, 5)) or number == first:
            told = batch(
                *rows, sequence=number - first, source=name, end=end, boot=f"boot-{boot}", losses=(("full", losses),)
            )
            made.append(replace(told, held=draw(st.sampled_from((0, 0, 2)))))
    return made


@st.composite
def deliveries(draw, nodes):
    """An interleaving that keeps each node's order, steps back at times, and cuts into records of several batches."""
    left = [list(_with_repetitions(own, draw(st.lists(st.integers(0, 3), max_size=4)))) for own in nodes]
    order = []
    while any(left):
        order.append(draw(st.sampled_from([own for own in left if own])).pop(0))
    cuts = [0, *sorted(draw(st.sets(st.integers(0, len(order)), max_size=4))), len(order)]
    return [order[begin:end] for begin, end in pairwise(cuts) if end > begin]


def _with_repetitions(batches, starts):
    """A node that is read again from earlier places: what follows is complete and in order."""
    for start in starts:
        yield from batches[: start + 1]
    yield from batches


def record(batches):
    return record_of(DIRECTORY, *batches)


def run(deliveries_, kills=frozenset()):
    """Emit after each record; at a kill, the last record was emitted in part and is not committed."""
    made, emitted, heard = Windows("test", SPEC), [], []
    for number, batches in enumerate(deliveries_):
        made.apply(record(batches))
        changed = made.changed()
        if number in kills:
            emitted += changed[: len(changed) // 2]
            made = Windows("test", SPEC)
            made.restore(emitted, heard)
            made.apply(record(batches))
            changed = made.changed()
        emitted += changed
        heard += record(batches).sources
    found = latest([*emitted, *made.finish()])
    return {place: replace(window, revision=0) for place, window in found.items()}


#  calm      n1 0 1 2   n2 0 1 2                      -> windows
#  disturbed n2 0  n1 0  n2 0 1  | kill |  n1 0 1 2  n2 2  -> the same windows, counts included
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_interleaving_and_repetition_do_not_matter(data):
    """Whatever order the nodes' batches come in, and however often: the same windows, reasons included."""
    nodes = data.draw(streams())
    calm = run([[one] for own in nodes for one in own])
    disturbed = run(data.draw(deliveries(nodes)))
    assert disturbed == calm


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_restarts_do_not_matter(data):
    """Killed between emission and commit, and restored from what was emitted and heard: the same windows."""
    nodes = data.draw(streams())
    calm = run([[one] for own in nodes for one in own])
    records = data.draw(deliveries(nodes))
    kills = data.draw(st.frozensets(st.integers(0, len(records)), max_size=3))
    disturbed = run(records, kills)
    assert disturbed == calm
