"""The lines of `monitor` add up: what they say together is what the windows said last."""

import json
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from advisor.monitor.differences import Differences
from advisor.recorded.enriched import parse_enriched
from advisor.recorded.enriched_text import enriched_text
from advisor.recorded.windows import WindowFold
from schemas.records import Edge, ExternalPeer, Protocol, Role, Workload, WorkloadWindow

CART = Workload("demo", "Deployment", "cart", (("app", "cart"),))
LENGTH = 300_000
COUNTS = st.tuples(*[st.integers(0, 3)] * 4)
PLACES = st.tuples(st.sampled_from((0, LENGTH)), st.sampled_from((80, 81)))
STEPS = st.lists(st.tuples(PLACES, COUNTS), max_size=12)


def windows_of(steps):
    """Revisions of two windows of two edges each, every one with more of something."""
    totals = {}
    for (start, port), more in steps:
        totals[start, port] = [a + b for a, b in zip(totals.get((start, port), (0, 0, 0, 0)), more, strict=True)]
        edges = tuple(
            Edge(Role.SERVER, ExternalPeer("203.0.113.7"), Protocol.TCP, number, *counts, at, at)
            for (at, number), counts in sorted(totals.items())
            if at == start
        )
        yield WorkloadWindow(
            "c",
            CART,
            start,
            start + LENGTH,
            1,
            final=False,
            complete=True,
            incomplete_because=(),
            sources=(),
            edges=edges,
        )


def counted(edges):
    return {key: value for key, value in edges.items() if any(value)}


@given(STEPS, st.randoms())
def test_the_counts_of_a_recording_are_those_of_the_windows(steps, random):
    """Through text and back, in any order of the lines, with revisions delivered twice."""
    revisions = [each for window in windows_of(steps) for each in [window] * random.choice((1, 2))]
    differences, fold = Differences(), WindowFold()
    lines = [text for window in revisions for line in differences.of(window) for text in enriched_text(line)]
    random.shuffle(lines)
    for text in lines:
        line = parse_enriched(json.loads(text))
        fold.add(line.workload, line.edge)
    told = {(one.start, edge.port): (edge.count, edge.attempts) for one in fold.windows() for edge in one.edges}
    latest = {window.start: window for window in revisions}
    last = {(start, edge.port): (edge.count, edge.attempts) for start, one in latest.items() for edge in one.edges}
    assert counted(told) == counted(last)


@given(STEPS)
def test_no_line_is_printed_for_nothing(steps):
    """Each line has a count of its own."""
    differences = Differences()
    lines = [
        json.loads(text) for one in windows_of(steps) for line in differences.of(one) for text in enriched_text(line)
    ]
    assert Counter(line["count"] for line in lines)[0] == 0


@given(st.lists(st.tuples(st.sampled_from(Role), st.integers(0, 2)), min_size=1, max_size=6))
def test_an_edge_that_was_open_is_in_the_recording_whatever_came_first(sightings):
    """Each sighting is a revision; together the lines say which ends saw it, and count what began."""
    differences, fold, counts = Differences(), WindowFold(), dict.fromkeys(Role, 0)
    seen = set()
    for end, count in sightings:
        seen.add(end)
        counts[end] += count
        still_open = tuple(role for role in Role if role in seen and not counts[role])
        edge = Edge(
            Role.SERVER, ExternalPeer("203.0.113.7"), Protocol.TCP, 80, *counts.values(), 0, 0, 0, still_open=still_open
        )
        revision = WorkloadWindow(
            "c", CART, 0, LENGTH, 1, final=False, complete=True, incomplete_because=(), sources=(), edges=(edge,)
        )
        for line in differences.of(revision):
            for text in enriched_text(line):
                read = parse_enriched(json.loads(text))
                fold.add(read.workload, read.edge)
    ((told,),) = (one.edges for one in fold.windows())
    assert told.established
    assert told.count == max(counts.values())
