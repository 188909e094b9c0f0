"""The latest suggestion of each workload, among out-of-date ones, tombstones, garbage and other clusters' records."""

from dataclasses import replace

import pytest
from suggested import WRITE, raw, record, suggestions, tombstone

from advisor.suggestions.latest import decoded, latest_of, notes_of
from schemas.errors import Unavailable
from schemas.framing import Reader
from schemas.records import PolicySuggestion

ONE, TWO, THREE, FOUR = suggestions()
READ = Reader(PolicySuggestion)


def refs(*made):
    return {one.workload.ref for one in made}


def test_the_latest_record_of_a_workload_stands():
    """Only it is decoded."""
    newer, asked = replace(ONE, revision=2), []

    def read(data):
        asked.append(data)
        return READ(data)

    latest = latest_of([record(ONE, value=b"garbage"), record(TWO, 1), record(newer, 2)], "test")
    assert decoded(latest, read).readable == tuple(sorted((newer, TWO), key=lambda one: one.workload.ref))
    assert len(asked) == 2


def test_a_tombstone_withdraws_until_the_workload_is_back():
    latest = latest_of([record(ONE), tombstone(ONE), record(TWO), tombstone(THREE), record(THREE)], "test")
    assert (set(latest.records), latest.gone) == (refs(TWO, THREE), refs(ONE))


def test_only_wanted_workloads_are_decoded():
    latest = latest_of([record(ONE, value=b"garbage"), record(TWO)], "test")
    found = decoded(latest, READ, lambda ref: ref == TWO.workload.ref)
    assert (found.readable, found.unreadable) == ((TWO,), ())


@pytest.mark.parametrize("value", [b"garbage", b"", WRITE(TWO), WRITE(replace(ONE, cluster="other"))])
def test_what_is_no_suggestion_of_its_key_is_unreadable_by_name(value):
    """With its place; the others are read."""
    found = decoded(latest_of([record(ONE, 7, value), record(FOUR, 8)], "test"), READ)
    assert found.readable == (FOUR,)
    (bad,) = found.unreadable
    assert bad.ref == ONE.workload.ref
    assert bad.reason.startswith("partition 0 offset 7: ")


def test_other_clusters_and_nameless_keys_are_told_apart():
    """Neither is ours."""
    records = [record(replace(ONE, cluster="other")), raw("test/a/b", b""), raw("", b""), raw("test//b/c", b"")]
    latest = latest_of(records, "test")
    assert (dict(latest.records), latest.others, latest.nameless) == ({}, ("other",), 3)
    first, second = notes_of(latest, ())
    assert first.startswith("left out: 3 records")
    assert "the topic has some of other" in second


def test_a_schema_that_cannot_be_looked_up_ends_the_reading():
    """Nobody knows then what the record says; it is not called bad."""

    def read(_data):
        raise Unavailable("no answer")

    with pytest.raises(Unavailable, match="partition 0 offset 5 cannot be read now: no answer"):
        decoded(latest_of([record(ONE, 5)], "test"), read)
