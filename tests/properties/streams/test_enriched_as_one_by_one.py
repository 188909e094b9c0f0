"""Enrichment asks once for many connections; it says of each what `resolve` says of it alone."""

from collections import Counter
from itertools import combinations_with_replacement, product

from cluster_objects import CLUSTER, T0, batch, connection, controller, endpoints, facts, node, owner, pod, service
from enriching import answers_of, observations, records_of
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import codec
from schemas.records import Basis, Protocol, Role, WorkloadEdges, counts_of
from schemas.records.connections import BASES, PROTOCOLS, ROLES
from schemas.topics import partition_of
from streams.directory.directory import Directory
from streams.directory.resolve import Flow, Ignored, Unresolved, resolve
from streams.edges.answers import Answers
from streams.edges.enrich import enrich
from streams.edges.pack import pack
from streams.edges.payload import Payloads
from streams.edges.tables import Tables
from streams.windows.columns import rows_of

PODS = ("10.1.0.5", "10.1.0.6", "10.1.0.7", "fd00::5")
STEADY = ("10.1.0.20", "10.1.0.21", "10.1.0.22", "10.1.0.23", "fd00::23", "10.96.0.9")
ELSEWHERE = ("10.96.0.7", "10.96.0.8", "10.96.0.1", "192.168.0.1", "10.1.0.99", "203.0.113.1", "127.0.0.1", "::1")
ADDRESSES = st.sampled_from(PODS + STEADY * 3 + ELSEWHERE)
AROUND = tuple(T0 + one for one in (-60_000, -2_001, -2_000, -1, 0, 1, 1_999, 2_000, 2_001, 4_999, 60_000))
MOMENTS = st.sampled_from(AROUND)
PARTITIONS = 3
NEVER = (0, 0)
"""A time of which no batch is: each is asked for anew."""


@st.composite
def pods(draw):
    """A pod that takes one of a few addresses at some time, and may be of a workload, in a mesh, or its node's."""
    number, app = draw(st.integers(0, 5)), draw(st.sampled_from(("web", "db")))
    begin, end = draw(MOMENTS), draw(st.one_of(st.just(0), MOMENTS))
    return pod(
        f"{app}-{number}",
        *draw(st.lists(st.sampled_from(PODS), min_size=1, max_size=2, unique=True)),
        labels={"app": app},
        owned_by=draw(st.sampled_from((None, owner("Deployment", app)))),
        lease=(begin, max(begin, end) if end else 0),
        node=draw(st.sampled_from(("n1", "n2"))),
        host_network=draw(st.integers(0, 9)) == 0,
        mesh=draw(st.sampled_from(("", "", "", "istio", "linkerd"))),
    )


@st.composite
def slices(draw):
    """What a Service leads to."""
    name, ips = draw(st.sampled_from(("web", "db"))), draw(st.lists(st.sampled_from(PODS), max_size=3, unique=True))
    return endpoints(name, [(ip, draw(st.sampled_from(("web-0", "db-1", "db-2")))) for ip in ips])


STANDING = (
    facts(),
    node("n1", "192.168.0.1", cidrs=["10.1.0.0/24"]),
    controller("Deployment", "web", {"app": "web"}),
    pod("web-20", "10.1.0.20", labels={"app": "web"}, owned_by=owner("Deployment", "web")),
    pod("cache-21", "10.1.0.21", node="n2"),
    pod("meshed-22", "10.1.0.22", mesh="istio"),
    pod("dual-23", "10.1.0.23", "fd00::23"),
    service("steady", "10.96.0.9"),
    endpoints("steady", [("10.1.0.20", "web-20")]),
    service("web", "10.96.0.7", selector={"app": "web"}),
    service("db", "10.96.0.8", selector={"app": "db"}),
    service("kubernetes", "10.96.0.1", ports=((443, "6443"),), namespace="default"),
    endpoints("kubernetes", ["192.168.0.1"], ports=((443, 6443),), namespace="default"),
)
CHANGES = st.one_of(pods(), pods(), slices(), st.sampled_from(STANDING))


@st.composite
def seen_together(draw, most):
    """Connections of a batch: of any time, or of about the same."""
    moments = draw(st.sampled_from((MOMENTS, st.just(T0 + 1_000))))
    return draw(st.lists(connections(moments), max_size=most))


@st.composite
def connections(draw, moments):
    """A connection at a moment at which a lease may begin or end."""
    first = draw(moments)
    return connection(
        draw(ADDRESSES),
        draw(ADDRESSES),
        draw(st.sampled_from((80, 80, 443, 8080, 15006, 15006, 4143))),
        draw(st.sampled_from(Role)),
        basis=draw(st.sampled_from(Basis)),
        protocol=draw(st.sampled_from((Protocol.TCP, Protocol.TCP, Protocol.UDP))),
        established=draw(st.booleans()),
        count=draw(st.integers(0, 100)),
        first_seen=first,
        last_seen=first + draw(st.sampled_from((0, 0, 1, 2_000, 5_000))),
        pod_uid=draw(st.sampled_from(("", "", "uid-web-0", "uid-db-1", "uid-nobody"))),
    )


def one_by_one(made, directory):
    """Links with what was seen of them, and the counts of the rest, without anything kept."""
    found, left = [], {Unresolved: Counter(), Ignored: Counter()}
    for row in made.rows():
        seen = (row.first_seen, row.last_seen)
        role = ROLES.index(row.role)
        flow = Flow(role, row.protocol, row.local_address, row.remote_address, row.port, row.pod_uid, seen)
        outcome = resolve(flow, directory)
        if isinstance(outcome, tuple):
            codes = (role, BASES.index(row.basis), PROTOCOLS.index(row.protocol), int(row.established), row.count)
            found += [(link, *codes, *seen) for link in outcome]
        else:
            left[type(outcome)][outcome.reason] += row.count
    return found, counts_of(left[Unresolved]), counts_of(left[Ignored])


def packed(made):
    """What the records of all partitions say, in the form of `one_by_one`, and each in the partition of its subject."""
    found = Counter()
    (packed_,) = pack([made])
    for partition, record in packed_.records():
        assert {partition_of(CLUSTER, one.ref, PARTITIONS) for one in record.workloads} <= {partition}
        nodes, services = (*record.nodes, ""), (*record.services, None)
        for row in rows_of(record):
            _, subject, peer, through, role, observer, basis, protocol, established, port, *rest = row
            count, first, last, shared, far = rest
            link = (record.workloads[subject], record.peers[peer], services[through], role, port, bool(shared))
            found[*link, nodes[far], observer, basis, protocol, established, count, first, first + last] += 1
    return found


@given(st.lists(CHANGES, max_size=8), st.lists(st.tuples(CHANGES, seen_together(8)), max_size=4))
def test_what_is_kept_changes_no_answer(changes, steps):
    """Whatever held an address when; also when the directory changes between two batches."""
    directory = Directory((*STANDING, *changes))
    tables = Tables(CLUSTER, PARTITIONS)
    for change, seen in steps:
        made = batch(*seen)
        for span in (NEVER, (made.interval_start, made.interval_end)):
            enriched = enrich(made, Answers(directory, span, tables))
            found, unresolved, ignored = one_by_one(made, directory)
            assert [*map(tuple, observations(enriched))] == found
            assert (enriched.source.unresolved, enriched.source.ignored) == (unresolved, ignored)
            assert packed(enriched) == Counter((*link, *rest) for link, *rest in found)
            assert len(enriched) == len(found)
        directory.apply(change)


def test_every_kind_of_pair_is_written_as_it_is_told():
    """Pods with and without a mesh or a second address, directly and through Services, in each role."""
    every = product(STEADY, STEADY + ELSEWHERE, (80, 8080, 15006), Role)
    made = batch(*(connection(local, remote, port, role, at=T0 + 1_000) for local, remote, port, role in every))
    directory = Directory(STANDING)
    enriched = enrich(made, answers_of(directory, [made], PARTITIONS))
    found, unresolved, ignored = one_by_one(made, Directory(STANDING))
    assert len(enriched.plain.rows) > 30
    assert [*map(tuple, observations(enriched))] == found
    assert (enriched.source.unresolved, enriched.source.ignored) == (unresolved, ignored)
    assert packed(enriched) == Counter((*link, *rest) for link, *rest in found)


CHANGING = (
    facts(),
    pod("web-0", "10.1.0.5", labels={"app": "web"}, owned_by=owner("Deployment", "web"), lease=(T0 - 60_000, T0)),
    pod("db-1", "10.1.0.6", labels={"app": "db"}, owned_by=owner("Deployment", "db"), lease=(T0 + 2_000, 0)),
    pod("web-2", "10.1.0.7", labels={"app": "web"}, owned_by=owner("Deployment", "web"), lease=(T0 - 60_000, T0 + 1)),
    pod("db-3", "10.1.0.7", labels={"app": "db"}, owned_by=owner("Deployment", "db"), lease=(T0 + 1, 0)),
    pod("meshed-22", "10.1.0.22", mesh="istio"),
    pod("job-30", "10.1.0.30", lease=(T0 - 2_000, T0 + 4_999)),
    service("web", "10.96.0.7", selector={"app": "web"}),
)


def test_every_moment_around_a_lease_is_told_as_it_was():
    """Also where the inventory begins or ends between the connections of a batch."""
    directory = Directory(CHANGING)
    directory.advance(T0 + 2_000, since=T0 - 2_000)
    ends = (*PODS[:3], "10.1.0.22", "10.1.0.30", "10.1.0.99", "10.96.0.7", "203.0.113.1")
    kinds = Counter()
    for first, last in combinations_with_replacement(AROUND, 2):
        every = product(("10.1.0.22", "10.1.0.30", "10.1.0.6"), ends, (80, 15006), Role, ("", "uid-db-1"))
        rows = [
            connection(local, remote, port, role, first_seen=first, last_seen=last, pod_uid=uid)
            for local, remote, port, role, uid in every
        ]
        made = batch(*rows, end=max(last, T0 + 5_000))
        enriched = enrich(made, Answers(directory, (first, last), Tables(CLUSTER, PARTITIONS)))
        found, unresolved, ignored = one_by_one(made, directory)
        assert [*map(tuple, observations(enriched))] == found
        assert (enriched.source.unresolved, enriched.source.ignored) == (unresolved, ignored)
        kinds.update(dict(unresolved) | {"plain": len(enriched.plain.rows), "links": len(enriched.links)})
    assert kinds.keys() >= {"plain", "links", "after_inventory", "no_lease"}


def test_what_says_nothing_is_left_out():
    """No column of nodes where none is known, none of doubts where there is none; and both where there are some."""
    told = [
        record.edges
        for objects in (STANDING, (*STANDING, node("n2", "192.168.0.2")))
        for seen in (("10.1.0.20", "203.0.113.1"), ("10.1.0.20", "10.1.0.21"), ("10.1.0.21", "10.96.0.7"))
        for record in records_of(Directory(objects), batch(connection(*seen, 80)), partitions=PARTITIONS)
    ]
    assert {bool(edges.far) for edges in told if edges.ports} == {True, False}
    assert all(any(one >= 0 for one in edges.far) for edges in told if edges.far)
    assert all(any(edges.shared) for edges in told if edges.shared)


@given(st.lists(CHANGES, max_size=8), st.lists(seen_together(6), min_size=2, max_size=3))
def test_batches_of_a_step_may_share_what_is_kept(changes, several):
    """Of different times as well; packed together, they are written as the codec writes them."""
    directory = Directory((*STANDING, *changes))
    made = [batch(*seen, end=T0 + 5_000 + 3_000 * number) for number, seen in enumerate(several)]
    answers = answers_of(directory, made, PARTITIONS)
    together = [enrich(one, answers) for one in made]
    for one, enriched in zip(made, together, strict=True):
        assert [*map(tuple, observations(enriched))] == one_by_one(one, directory)[0]
    (packed_,) = pack(together)
    read = codec(WorkloadEdges)
    for (partition, record), (number, payload) in zip(packed_.records(), Payloads()(packed_), strict=True):
        assert (number, read.decode(payload)) == (partition, record)
        assert payload == read.encode(record)
        assert [*record.edges.sources] == sorted(record.edges.sources)
        for table, column in ((record.workloads, "workloads"), (record.peers, "peers"), (record.services, "services")):
            used = [*dict.fromkeys(number for number in getattr(record.edges, column) if number >= 0)]
            assert used == [*range(len(table))], "tables in order of first use"
