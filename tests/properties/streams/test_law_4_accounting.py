"""Law 4 for enrichment: connections in = used + unresolved + ignored; and it asks a directory that knows no order."""

from cluster_objects import batch, connection, controller, endpoints, facts, node, owner, pod, service
from enriching import alone, observations
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import Role
from streams.directory.directory import Directory

OBJECTS = (
    facts(),
    node("n1", "192.168.0.1", cidrs=["10.1.0.0/24"]),
    controller("Deployment", "web", {"app": "web"}),
    pod("web", "10.1.0.5", labels={"app": "web"}, owned_by=owner("Deployment", "web")),
    pod("db", "10.1.0.6", labels={"app": "db"}, ports=(("pg", 5432),)),
    pod("db-2", "10.1.0.7", labels={"app": "db"}, ports=(("pg", 5433),)),
    service("db", "10.96.0.7", ports=((80, "pg"),), selector={"app": "db"}),
    service("web", "10.96.0.8"),
    endpoints("web", [("10.1.0.5", "web")]),
    service("kubernetes", "10.96.0.1", ports=((443, "6443"),), namespace="default"),
    endpoints("kubernetes", ["192.168.0.1"], ports=((443, 6443),), namespace="default"),
)
PODS = ("10.1.0.5", "10.1.0.6", "10.1.0.7", "10.1.0.99")
SERVICES = ("10.96.0.7", "10.96.0.8", "10.96.0.1", "10.96.0.99")
ADDRESSES = st.sampled_from((*PODS, *SERVICES, "192.168.0.1", "10.1.0.1", "203.0.113.1", "127.0.0.1", "::1"))
CONNECTIONS = st.builds(
    connection,
    ADDRESSES,
    ADDRESSES,
    st.sampled_from((80, 443, 5432, 6443, 8080)),
    st.sampled_from(Role),
    count=st.integers(0, 100),
    pod_uid=st.sampled_from(("", "", "uid-web", "uid-nobody")),
)


@given(st.lists(CONNECTIONS, max_size=20))
def test_every_connection_is_accounted_for(connections):
    """Whatever the addresses and roles."""
    seen = alone(batch(*connections), Directory(OBJECTS))
    told = sum(count for _, count in (*seen.source.unresolved, *seen.source.ignored))
    assert sum(one.count for one in connections) == seen.connections == seen.used + told


EVERYWHERE = batch(
    *(
        connection(local, remote, port)
        for local in ("10.1.0.6", "10.1.0.5", "192.168.0.1")
        for remote in (*PODS, *SERVICES, "192.168.0.1", "10.1.0.1", "203.0.113.1")
        for port in (80, 443, 6443)
    )
)


def told(directory):
    """All that comes of it."""
    made = alone(EVERYWHERE, directory)
    return observations(made), made.source, made.used


@given(st.permutations(OBJECTS), st.data())
def test_the_directory_answers_the_same_in_any_order_of_objects(objects, data):
    """Asked in between as well, so that no remembered answer outlives what it rests on."""
    shuffled = Directory()
    for item in objects:
        if data.draw(st.booleans()):
            alone(EVERYWHERE, shuffled)
        shuffled.apply(item)
    assert told(shuffled) == told(Directory(OBJECTS))


@given(st.sets(st.sampled_from(OBJECTS)))
def test_a_tombstone_leaves_nothing_behind(removed):
    """A directory that forgot an object answers like one that never knew it."""
    forgetful = Directory(OBJECTS)
    alone(EVERYWHERE, forgetful)
    for item in removed:
        forgetful.remove(item.key)
    never = Directory(item for item in OBJECTS if item not in removed)
    assert told(forgetful) == told(never)
