"""Batches enriched in one go, and what came of them one by one, for tests of streams."""

from operator import itemgetter
from typing import NamedTuple

from cluster_objects import CLUSTER, batch, facts

from schemas.records import Millis
from streams.directory.directory import Directory
from streams.directory.resolve import OPPOSITE, Link
from streams.edges.answers import Answers
from streams.edges.enrich import enrich
from streams.edges.pack import pack
from streams.edges.tables import Tables


def answers_of(directory, batches, partitions=1):
    """The directory's answers for all of the batches' time."""
    span = (min(one.interval_start for one in batches), max(one.interval_end for one in batches))
    return Answers(directory, span, Tables(CLUSTER, partitions))


def alone(made, directory):
    """One batch."""
    return enrich(made, answers_of(directory, [made]))


def enriched(objects, *connections):
    """Connections of the default batch, given these objects and the cluster's ranges."""
    return alone(batch(*connections), Directory((facts(), *objects)))


def records_of(directory, *batches, partitions):
    """The record of each partition that batches become together."""
    answers = answers_of(directory, batches, partitions)
    (packed,) = pack([enrich(one, answers) for one in batches])
    return [record for _, record in packed.records()]


def record_of(directory, *batches):
    """The only partition's record of batches, given who held which address."""
    (record,) = records_of(directory, *batches, partitions=1)
    return record


class Observation(NamedTuple):
    """A link as one end saw it in one batch; codes are those of `Connections`."""

    link: Link
    observed_by: int
    basis: int
    protocol: int
    established: int
    connections: int
    first_seen: Millis
    last_seen: Millis


def observations(made):
    """All links of an enriched batch one by one, in the connections' order, each with what was seen of it."""
    every = [*zip(made.rows, made.links, strict=True), *_plain(made)]
    return tuple(_observation(made.batch, link, row) for row, link in sorted(every, key=itemgetter(0)))


def _plain(made):
    """Those that no link was made of: as the own end sees it, and as the other does, if it is a pod."""
    tables, columns, roles = made.answers.tables, made.plain, made.batch.connections.roles
    peers, workloads = tables.peers.values, tables.workloads.values
    services, nodes = (*tables.services.values, None), (*tables.nodes.values, "")
    for row, mine, me, theirs, them, service, port, node in zip(
        columns.rows.tolist(), columns.workloads, columns.peers, columns.far_workloads, columns.far_peers,
        columns.services, columns.ports.tolist(), columns.nodes, strict=True,
    ):  # fmt: skip
        role, through, far = roles[row], services[service], nodes[node]
        yield row, Link(workloads[mine], peers[them], through, role, port, far=far)
        if theirs >= 0:
            yield row, Link(workloads[theirs], peers[me], through, OPPOSITE[role], port, far=far)


def _observation(seen_in, link, row):
    seen = seen_in.connections
    first = seen_in.interval_start + seen.first_seen[row]
    return Observation(
        link, seen.roles[row], seen.bases[row], seen.protocols[row], seen.established[row], seen.counts[row],
        first, first + seen.last_seen[row],
    )  # fmt: skip


def edges(objects, *connections):
    """The observations as (subject, role code, peer, port), sorted."""
    links = [one.link for one in observations(enriched(objects, *connections))]
    return sorted(((link.workload.name, link.role, link.peer, link.port) for link in links), key=repr)
