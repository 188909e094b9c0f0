"""Status: one row a workload, what was lost lately, and how far the workers are behind."""

from dataclasses import replace

import pytest
from shop import shop
from suggested import suggestions

from advisor.status.document import document_of
from advisor.status.rows import rows_of
from advisor.status.text import notes_of, span, table_of
from advisor.suggestions.lag import GroupLag, TopicLag, lag_of
from advisor.suggestions.latest import Suggestions, Unreadable
from advisor.suggestions.recent import Recent, recent_of
from schemas.codec import BadRecord
from schemas.dead_letters import RawRecord
from schemas.records import WindowSource, WorkloadRef

ONE, TWO, *REST = suggestions(workloads=4, windows=2)
GROUPS = (
    GroupLag("stream", "netpol-stream", 2, (TopicLag("netpol.connections", 5, 0),)),
    GroupLag("synthesize", "netpol-synthesizer.test", 0, (TopicLag("netpol.workload-windows", 7, 2),)),
)


def lost(window, *because, node="n1"):
    """The window with something missing."""
    return replace(window, complete=not because, incomplete_because=because, sources=(WindowSource(node, "b", 1),))


def rows(windows=(), unreadable=(), made=(ONE, TWO)):
    by_ref = {}
    for window in windows:
        by_ref.setdefault(window.workload.ref, []).append(window)
    return rows_of(Suggestions(made, unreadable), Recent({ref: tuple(found) for ref, found in by_ref.items()}))


def row_of(found, ref):
    return next(row for row in found if row.ref == ref)


def test_what_was_lost_lately_is_said_once_for_all_workloads():
    """With the number of workloads that it concerns."""
    windows = [lost(one, "node n1 did not report") for one in shop(4, 1)]
    made = rows(windows)
    first = row_of(made, ONE.workload.ref)
    assert (len(first.incomplete), first.nodes, first.because) == (1, ("n1",), ("node n1 did not report",))
    assert "lost lately: node n1 did not report (4 workloads)" in list(notes_of(made, ()))


def test_a_workload_that_is_not_suggested_yet_has_a_row():
    """And so has one whose suggestion cannot be read."""
    bad = Unreadable(WorkloadRef("z", "Pod", "bad"), "partition 0 offset 1: garbage")
    made = rows(shop(4, 1), [bad])
    assert len(made) == 5
    reasons = {row.ref: row.reason for row in made}
    assert reasons[REST[0].workload.ref] == "no suggestion yet"
    assert reasons[bad.ref].endswith("garbage")
    assert reasons[ONE.workload.ref] == ""
    assert table_of(made, 0).row_count == 5


def test_how_far_the_workers_are_behind():
    """And whether anybody works at all."""
    first, second = notes_of((), GROUPS)
    assert first == "stream: 2 processes; not done yet: 5 of netpol.connections"
    assert second == (
        "synthesize: nobody runs it; not done yet: 7 of netpol.workload-windows (nothing done of 2 partitions)"
    )


@pytest.mark.parametrize(
    ("ends", "committed", "expected"),
    [
        ({0: (0, 10), 1: (0, 4)}, {0: 8, 1: 4}, TopicLag("t", 2, 0)),
        ({0: (5, 10)}, {}, TopicLag("t", 5, 1)),
        ({0: (5, 10)}, {0: 2}, TopicLag("t", 5, 0)),
        ({0: (0, 0)}, {}, TopicLag("t", 0, 0)),
        ({0: (0, 3)}, {0: 9}, TopicLag("t", 0, 0)),
    ],
)
def test_lag_is_what_is_there_and_not_done(ends, committed, expected):
    """What was deleted before anybody read it is not waited for; an end may be older than a commit."""
    assert lag_of("t", ends, committed) == expected


def test_the_document_has_what_the_suggestion_says_and_ages_in_seconds():
    now = ONE.last_window + 90_000
    document = document_of("test", now, rows(shop(4, 1)), GROUPS)
    first, _, *others = document["workloads"]
    assert (first["name"], first["policy"], first["revision"]) == (ONE.workload.name, ONE.policy_name, 1)
    assert first["coverage"]["sentence"] == ONE.coverage.sentence
    assert (first["quiet_s"], first["age_s"]) == (90.0, 390.0)
    assert first["lately"] == {"windows": 1, "incomplete_windows": 0, "incomplete_because": [], "nodes": []}
    assert {one["policy"] for one in others} == {None}
    assert document["groups"][1]["members"] == 0
    assert document["groups"][0]["topics"] == [{"topic": "netpol.connections", "lag": 5, "untouched_partitions": 0}]


@pytest.mark.parametrize(
    ("millis", "words"),
    [(0, "0 s"), (999, "0 s"), (61_000, "1 min"), (7_300_000, "2 h"), (90_000_000, "1 d"), (-5, "0 s")],
)
def test_a_length_of_time_in_its_largest_unit(millis, words):
    assert span(millis) == words


def test_of_each_window_the_newest_revision_counts():
    """Other workloads' records are not decoded, and those that cannot be are counted."""
    window = shop(1, 1)[0]
    values = {b"1": replace(window, revision=2), b"2": window, b"3": replace(window, start=-300_000)}

    def read(data):
        if data not in values:
            raise BadRecord("garbage")
        return values[data]

    keys = [window.key, window.key, window.key, window.key, "other/a/b/c", "test/a/b/c", "nothing"]
    records = [
        RawRecord("t", 0, offset, key.encode(), value)
        for offset, (key, value) in enumerate(zip(keys, [b"1", b"2", b"3", b"x", b"x", b"x", b"x"], strict=True))
    ]
    found = recent_of(records, "test", read, lambda ref: ref == window.workload.ref)
    assert found.of(window.workload.ref) == (values[b"3"], values[b"1"])
    assert found.unreadable == 1
