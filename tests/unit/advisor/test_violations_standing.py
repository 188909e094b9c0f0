"""Which violations stand, as the topic's page says, and what a person is told of them."""

from dataclasses import replace

import pytest
from audited import Program, Topics, policy_object, world_of
from shop import shop

from advisor.recorded.fields import iso
from advisor.violations.standing import refused_of, standing_of
from advisor.violations.text import document_of, table_of
from schemas.records import Verdict

DENY = policy_object("shop", "no-ingress", {"podSelector": {}, "policyTypes": ["Ingress"]})


@pytest.fixture
def records():
    """Of a shop of six workloads, in three windows."""
    topics = Topics()
    program = Program(topics, world_of(DENY))
    for one in shop(workloads=6, windows=3):
        program.fold(one)
    program.tell()
    return topics.violations


def test_of_one_identity_the_highest_revision_stands_then_the_last(records):
    one = records[0]
    corrected = replace(one, suggested=Verdict(allowed=True, rule="later"))
    assert standing_of([replace(one, revision=3), one, replace(one, revision=2)]) == (replace(one, revision=3),)
    assert standing_of([one, corrected]) == (corrected,)


def test_what_was_taken_back_does_not_stand_unless_it_is_told_again(records):
    one, clear = records[0], Verdict(allowed=True)
    back = replace(one, deployed=clear, suggested=clear, revision=2)
    assert standing_of([one, back, one]) == ()
    assert standing_of([one, back, replace(one, revision=3)]) == (replace(one, revision=3),)


def test_an_edge_is_one_row_over_all_of_its_windows(records):
    """Counts add up, and each verdict of any window counts."""
    rows = refused_of(standing_of([*records, *records]))
    same = [row for row in rows if row.newest.workload.name == "w1" and row.newest.edge.port == 9090]
    (row,) = same
    assert (row.windows, row.connections, row.attempts, row.by_deployed, row.by_suggested) == (3, 6, 0, True, False)
    later = refused_of(standing_of(records), since=600_000)
    assert {one.newest.start for one in later} == {600_000}
    assert len(later) < len(rows)


def test_a_person_reads_who_refuses_and_a_program_gets_the_same(records):
    rows = refused_of(standing_of(records))
    document = document_of("test", rows)
    assert len(document["violations"]) == len(rows) == table_of(rows).row_count
    first = next(one for one in document["violations"] if one["refused_by"] == ["deployed"])
    assert first["deployed"] == {"allowed": False, "policy": "no-ingress", "rule": "no ingress rule admits it"}
    assert first["last_seen"] == iso(next(row for row in rows if not row.by_suggested).newest.edge.last_seen)
