"""Numbers of what edges are made of: few are kept of what never comes again, and what is written stays right."""

import pytest
from cluster_objects import CLUSTER, T0, batch, connection, facts, pod

from schemas.codec import codec
from schemas.records import ExternalPeer, Workload, WorkloadEdges, WorkloadPeer
from streams.directory.directory import Directory
from streams.edges import tables
from streams.edges.answers import Answers
from streams.edges.enrich import enrich
from streams.edges.pack import pack
from streams.edges.payload import Payloads
from streams.edges.tables import NONE, Numbered, Tables

DIRECTORY = Directory((facts(), pod("web", "10.1.0.1"), pod("db", "10.1.0.2")))
WRITE = Payloads()


def flood(number):
    """A batch in which strangers that nobody has seen before call a pod, which calls another."""
    strangers = [f"203.{number}.0.{low}" for low in range(1, 9)]
    rows = [connection(one, "10.1.0.1", 80) for one in strangers]
    return batch(connection("10.1.0.1", "10.1.0.2", 5432), *rows, sequence=number)


@pytest.mark.parametrize("written", [True, False])
def test_strangers_are_forgotten_and_workloads_are_not(monkeypatch, written):
    """Whatever is forgotten in between, each record is the one of tables that are new."""
    monkeypatch.setattr(tables, "_STRANGERS", 20)
    kept, most = Tables(CLUSTER, 2), 0
    for number in range(20):
        kept.tidy()
        (packed,) = pack([enrich(flood(number), Answers(DIRECTORY, (T0, T0 + 5_000), kept))])
        (fresh,) = pack([enrich(flood(number), Answers(DIRECTORY, (T0, T0 + 5_000), Tables(CLUSTER, 2)))])
        assert [*packed.records()] == [*fresh.records()]
        if written:
            decoded = [(partition, codec(WorkloadEdges).decode(payload)) for partition, payload in WRITE(packed)]
            assert decoded == [*fresh.records()]
        most = max(most, len(kept.peers))
    assert 20 < most <= 20 + 8 + 2
    assert [one.name for one in kept.workloads.values] == ["web", "db"]


def test_too_many_workloads_begin_anew(monkeypatch):
    monkeypatch.setattr(tables, "_MOST", 10)
    kept = Tables(CLUSTER, 2)
    for number in range(100):
        kept.tidy()
        kept.workload(WorkloadPeer(Workload("demo", "Pod", f"web-{number}")))
    assert len(kept.workloads) <= 11


def test_equal_values_have_one_number():
    numbered = Numbered()
    once, again = ExternalPeer("203.0.113.1"), ExternalPeer("203.0.113.1")
    assert [numbered.number(one) for one in (once, again, ExternalPeer("203.0.113.2"), once)] == [0, 0, 1, 0]


def test_what_is_not_there_has_no_number():
    assert (Tables(CLUSTER, 1).service(None), Tables(CLUSTER, 1).node("")) == (NONE, NONE)
