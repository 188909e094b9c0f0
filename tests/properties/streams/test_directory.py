"""A directory that was asked in between answers as one that was told everything at once, in whatever order."""

import dataclasses

from cluster_objects import T0, controller, endpoints, facts, namespace, node, owner, pod, service
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import Protocol
from streams.directory.directory import Directory
from streams.objects.addresses import packed

STEP = 10_000
TIMES = st.integers(0, 8).map(lambda number: T0 + number * STEP)
IPS = ("10.1.0.1", "10.1.0.2", "192.168.0.1")
ADDRESSES = [packed(ip) for ip in (*IPS, "10.96.0.1", "10.96.0.2", "198.51.100.1", "10.1.7.1", "203.0.113.1")]
PORTS = (80, 30_080)
OWNERS = (None, owner("ReplicaSet", "web-abc"), owner("Job", f"tick-{T0 // 60_000}"), owner("StatefulSet", "db"))
AMBIENT = (("istio.io/dataplane-mode", "ambient"),)
LABELS = ({}, {"app": "web"}, {"app": "web", "pod-template-hash": "abc"}, {"app": "db"})


@st.composite
def pods(draw):
    """A pod of one of two names, the first of which two pods share, at any time."""
    start = draw(TIMES)
    deleted = draw(st.one_of(st.just(0), TIMES.filter(lambda end: end >= start)))
    body = {
        "host_network": draw(st.booleans()),
        "node": draw(st.sampled_from(["n1", "n2"])),
        "ports": draw(st.sampled_from([(), (("http", 8080),), (("http", 9090, Protocol.TCP, 30_080),)])),
        "mesh": draw(st.sampled_from(["", "istio"])),
    }
    ips = draw(st.lists(st.sampled_from(IPS), max_size=2, unique=True))
    said = {"labels": draw(st.sampled_from(LABELS)), "owned_by": draw(st.sampled_from(OWNERS))}
    name, uid = draw(st.sampled_from([("a", "u1"), ("a", "u2"), ("b", "u3")]))
    return dataclasses.replace(pod(name, *ips, lease=(start, deleted), **said, **body), uid=uid)


@st.composite
def services(draw):
    """A Service with or without a selector, node port and outer address."""
    ports = ((80, draw(st.sampled_from(["8080", "http"])), Protocol.TCP, draw(st.sampled_from([0, 30_080]))),)
    outer = draw(st.sampled_from([(), ("198.51.100.1",), ("192.168.0.1",)]))
    selector = draw(st.sampled_from(LABELS))
    kind = draw(st.sampled_from(["ClusterIP", "ExternalName"]))
    ips = draw(st.sampled_from([("10.96.0.1",), ("10.96.0.2",)]))
    made = service(
        draw(st.sampled_from(["s", "t"])), *ips, ports=ports, selector=selector, external_ips=outer, type=kind
    )
    return dataclasses.replace(made, created=draw(st.sampled_from([0, T0 + STEP])))


@st.composite
def slices(draw):
    """Endpoints by UID and without one."""
    found = draw(st.lists(st.tuples(st.sampled_from(IPS), st.sampled_from(["u1", "u2", ""])), max_size=3))
    made = endpoints(draw(st.sampled_from(["s", "t"])), [ip for ip, _ in found])
    named = tuple(
        dataclasses.replace(one, pod_uid=uid) for one, (_, uid) in zip(made.body.endpoints, found, strict=True)
    )
    return dataclasses.replace(made, body=dataclasses.replace(made.body, endpoints=named))


others = st.sampled_from(
    [
        facts(),
        facts(pods=("203.0.113.0/24",)),
        node("n1", "192.168.0.1", cidrs=["10.1.0.0/24"]),
        dataclasses.replace(node("n1", "192.168.0.1"), deleted=T0 + STEP),
        node("n2", "10.1.7.1"),
        controller("ReplicaSet", "web-abc", owned_by=owner("Deployment", "web")),
        controller("Deployment", "web", {"app": "web"}),
        controller("Deployment", "web", {"app": "other"}),
        controller("CronJob", "tick", template={"app": "tick"}),
        controller("StatefulSet", "db", {"app": "db"}),
        namespace(AMBIENT),
        namespace(),
    ]
)
objects = st.one_of(pods(), pods(), services(), slices(), others)
changes = st.lists(st.tuples(st.booleans(), objects), max_size=12)


def tell(directory, change):
    """Apply an object, or its tombstone."""
    gone, item = change
    if gone:
        directory.remove(item.key)
    else:
        directory.apply(item)


def answers(directory):
    """All that can be asked."""
    moments = [(T0 + number * STEP + 5_000,) * 2 for number in range(-1, 9, 2)] + [(T0 + 5_000, T0 + 3 * STEP)]
    ends = [directory.end(address, *seen) for address in ADDRESSES for seen in moments]
    reached = [
        directory.servers(address, Protocol.TCP, port, seen)
        for address in ADDRESSES
        for port in PORTS
        for seen in moments
    ]
    return ends, [directory.pod(uid) for uid in ("u1", "u2", "u3")], [frozenset(servers) for servers in reached]


def told(many):
    """A directory that is asked for the first time."""
    directory = Directory()
    for change in many:
        tell(directory, change)
    return directory


@given(changes)
def test_what_is_remembered_is_forgotten_when_it_is_no_longer_so(many):
    """After each change, one that was asked before answers as one that never was."""
    asked = Directory()
    for number, change in enumerate(many, 1):
        tell(asked, change)
        assert answers(asked) == answers(told(many[:number]))


@given(changes, st.tuples(TIMES, TIMES).map(sorted))
def test_steady_servers_are_those_of_any_moment_between(many, span):
    """Or there are none to tell."""
    first, last = span
    directory = told(many)
    found = [
        (one, directory.steady_servers(one, Protocol.TCP, 80, (first, last)), directory.steady(one, first, last))
        for one in ADDRESSES
    ]
    for at in range(first, last + 1, 1_000):
        fresh = told(many)
        for address, servers, steady in found:
            if servers is not None:
                assert set(servers) == set(fresh.servers(address, Protocol.TCP, 80, (at, at)))
            if steady:
                assert directory.end(address, first, last) == directory.end(address, at, at)


def distinct(many):
    """Of objects with one key and UID only the first: which of them is the newer is not told by their order."""
    found = {(item.key, item.uid): item for item in reversed(many)}
    return list(found.values())


inventories = st.lists(objects, max_size=10).map(distinct)


@given(inventories.flatmap(lambda many: st.tuples(st.just(many), st.permutations(many))))
def test_the_order_of_objects_does_not_matter(both):
    """A topic's partitions are read in any order."""
    one, other = (told([(False, item) for item in many]) for many in both)
    assert answers(one) == answers(other)
