"""The tests' own account of connections: it finds what is missing, and what was told twice."""

from dataclasses import replace

from accounting import balance, batch_of
from cluster_objects import CLUSTER, T0
from enriching import records_of
from stream_world import inventory, traffic

from streams.directory.directory import Directory

PARTITIONS = 3
BATCHES = [one.batch for one in traffic(T0)]
MADE = {batch_of(CLUSTER, batch): sum(batch.connections.counts) for batch in BATCHES}


def told():
    """What the traffic's batches are enriched to, one record of each partition for each batch."""
    directory = Directory(inventory())
    records = [[] for _ in range(PARTITIONS)]
    for batch in BATCHES:
        for partition, record in enumerate(records_of(directory, batch, partitions=PARTITIONS)):
            records[partition].append(record)
    return records


def test_all_of_the_traffic_is_accounted_for():
    """Edges, unresolved and ignored ones add up, and there are some of each."""
    account = balance(MADE, told(), {})
    assert account.missing == {}
    assert account.made == account.explained
    assert account.edges
    assert account.unresolved["no_lease"]
    assert account.ignored["loopback"]


def test_a_record_that_comes_twice_counts_once():
    assert balance(MADE, [[*records, *records] for records in told()], {}).missing == {}


def test_what_one_partition_was_not_told_is_found():
    """Its batch is named, with how many connections are nowhere; also if these were only the other end's."""
    records = told()
    lost = next(one for one in records[1] if 0 in one.edges.roles and sum(one.edges.counts))
    mirrored = next(one for one in records[1] if set(one.edges.roles) == {1} and set(one.edges.observed_by) == {0})
    records[1] = [one for one in records[1] if one not in (lost, mirrored)]
    account = balance(MADE, records, {})
    assert list(account.missing) == [batch_of(CLUSTER, lost.sources[0])]
    assert account.unheard == {batch_of(CLUSTER, one.sources[0]) for one in (lost, mirrored)}


def test_what_two_workloads_were_told_is_told_twice():
    """As if a batch had been enriched to one workload for one partition and to another for the next."""
    records = told()
    again = next(record for record in records[0] if sum(record.edges.counts) and 0 in record.edges.roles)
    other = next(record for record in records[1] if record.sources == again.sources)
    records[1][records[1].index(other)] = replace(again, sources=other.sources)
    assert list(balance(MADE, records, {}).missing) == [batch_of(CLUSTER, again.sources[0])]


def test_a_dead_letter_explains_its_batch():
    batch = batch_of(CLUSTER, BATCHES[0])
    records = [records[1:] for records in told()]
    assert balance(MADE, records, {batch: MADE[batch]}).missing == {}
