"""From when until when a pod has its addresses, and what is unresolved because of the time."""

import dataclasses

import pytest
from cluster_objects import T0, connection, facts, manifests, node, pod, service
from enriching import enriched, observations

from schemas.records import Protocol, UnresolvedPeer, counts_of
from streams.directory.directory import Directory
from streams.directory.ends import PodEnd
from streams.objects.addresses import packed

SECOND, MINUTE = 1_000, 60_000
ADDRESS = packed("10.1.0.5")


def holder(directory, at, address=ADDRESS):
    """The pod's identity, or the peer that is none."""
    end = directory.end(address, at, at)
    return end.pod if isinstance(end, PodEnd) else end.peer


def moment(millis):
    return f'"2027-01-15T08:{millis // MINUTE % 60:02}:{millis // SECOND % 60:02}Z"'


EIGHT = 1_800_000_000_000  # 2027-01-15T08:00:00Z


# waiting  [created ............... started -------
# runs          [------- ended)
def test_a_pod_that_waits_for_its_node_holds_no_address_yet():
    """The lease begins with status.startTime, not with the object."""
    waiting = pod("waiting", "10.1.0.5", lease=(T0, 0), started=T0 + 60 * MINUTE)
    runs = pod("runs", "10.1.0.5", lease=(T0 + MINUTE, T0 + 50 * MINUTE))
    directory = Directory((waiting, runs))
    assert [holder(directory, T0 + at * MINUTE) for at in (30, 70)] == ["uid-runs", "uid-waiting"]


def test_after_its_node_began_anew_a_pod_has_other_addresses():
    """The UID and the start are of before; the condition tells when its network was set up again."""
    text = f"""
kind: Pod
metadata: {{name: daemon, namespace: demo, uid: uid-daemon, creationTimestamp: {moment(0)}}}
spec: {{nodeName: n1}}
status:
  phase: Running
  startTime: {moment(0)}
  podIPs: [{{ip: 10.1.0.5}}]
  conditions: [{{type: PodReadyToStartContainers, status: "True", lastTransitionTime: {moment(40 * MINUTE)}}}]
"""
    earlier = pod("earlier", "10.1.0.5", lease=(EIGHT, EIGHT + 35 * MINUTE))
    directory = Directory((facts(), earlier, *manifests(text)))
    found = [holder(directory, EIGHT + at * MINUTE) for at in (20, 37, 41)]
    assert found == ["uid-earlier", UnresolvedPeer("10.1.0.5", "no_lease"), "uid-daemon"]


def test_an_evicted_pod_without_container_states_ends_with_its_last_condition():
    """Nothing else tells when."""
    text = f"""
kind: Pod
metadata: {{name: evicted, uid: uid-evicted, creationTimestamp: {moment(0)}}}
status:
  phase: Failed
  reason: Evicted
  podIP: 10.1.0.5
  conditions: [{{type: Ready, status: "False", lastTransitionTime: {moment(10 * MINUTE)}}}]
"""
    directory = Directory((facts(), *manifests(text)))
    found = [holder(directory, EIGHT + at * MINUTE) for at in (5, 15)]
    assert found == ["uid-evicted", UnresolvedPeer("10.1.0.5", "no_lease")]


def test_a_time_that_two_leases_share_is_nobodys():
    """Begun under one holder, ended under the next."""
    first = pod("first", "10.1.0.5", lease=(T0, T0 + MINUTE))
    second = pod("second", "10.1.0.5", lease=(T0 + 2 * MINUTE, 0))
    end = Directory((first, second)).end(ADDRESS, T0 + 30 * SECOND, T0 + 3 * MINUTE)
    assert end.peer == UnresolvedPeer("10.1.0.5", "ambiguous")


@pytest.mark.parametrize("name", ["uid-mirror", "0123456789abcdef0123456789abcdef"])
def test_a_static_pod_is_found_by_its_mirrors_uid_and_by_its_hash(name):
    """Its control group is named after the hash of its manifest, which the mirror carries as an annotation."""
    mirrors = manifests("""
kind: Pod
metadata: {name: proxy-n1, namespace: demo, uid: uid-mirror, labels: {app: proxy},
           annotations: {kubernetes.io/config.hash: 0123456789abcdef0123456789abcdef, kubernetes.io/config.mirror: x}}
spec: {nodeName: n1}
status: {phase: Running, podIP: 10.1.0.5}
""")
    assert Directory(mirrors).pod(name).peer.workload.name == "proxy-n1"


def test_of_two_mirrors_of_one_static_pod_the_later_one_counts():
    """The mirror was deleted and made again; the pod it stands for went on."""
    mirrors = [pod(name, config_hash="h", lease=(T0 + at, 0)) for name, at in (("b", 9_000), ("a", 1_000))]
    assert Directory(mirrors).pod("h").pod == "uid-b"


def test_a_uid_as_control_groups_write_it_is_the_same():
    """Underscores for hyphens."""
    directory = Directory((pod("a-b-c", "10.1.0.5"),))
    assert directory.pod("uid_a_b_c").pod == "uid-a-b-c"


def test_what_is_later_than_the_inventory_is_unresolved_whoever_has_the_address_now():
    """Between the last heartbeat and the connection the address may have passed to another."""
    directory = Directory((facts(), pod("web", "10.1.0.5"), service("api", "10.96.0.9"), node("n1", "192.168.0.1")))
    directory.advance(T0)
    later = (T0, T0 + 1)
    reached = [
        directory.servers(packed(address), Protocol.TCP, 80, later)[0].end.peer
        for address in ("10.1.0.5", "10.96.0.9", "192.168.0.1", "203.0.113.1")
    ]
    assert {peer.reason for peer in reached} == {"after_inventory"}
    assert holder(directory, T0) == "uid-web"


def test_a_pod_that_the_collector_names_is_known_at_any_time():
    """A UID is never given to another; only its peer is unresolved."""
    directory = Directory((facts(), pod("web", "10.1.0.5")))
    directory.advance(T0)
    assert directory.pod("uid-web").peer.workload.name == "web"


def test_what_is_older_than_the_inventory_says_so():
    """What was deleted before its beginning is not known; who began before it and is still there is."""
    directory = Directory((facts(), pod("old", "10.1.0.5", lease=(T0 - 60 * MINUTE, 0))))
    directory.advance(T0 + MINUTE, since=T0)
    nobody = [holder(directory, T0 + at, packed("10.1.0.6")) for at in (-MINUTE, MINUTE)]
    assert nobody == [UnresolvedPeer("10.1.0.6", "before_inventory"), UnresolvedPeer("10.1.0.6", "no_lease")]
    assert holder(directory, T0 - MINUTE) == "uid-old"


def test_an_unknown_pod_is_unresolved_wherever_its_address_lies():
    """A UID says that it is a pod, so it is neither another pod nor an outsider."""
    seen = enriched((pod("web", "10.1.0.5"),), connection("203.0.113.7", "10.1.0.5", 80, pod_uid="uid-new"))
    assert (seen.source.unresolved, observations(seen)) == (counts_of({"unknown_pod": 1}), ())


def test_what_is_long_gone_is_forgotten_if_another_took_its_name():
    """Its namesake stays."""
    first = pod("db-0", "10.1.0.5", lease=(T0, 0))
    directory = Directory((facts(), first))
    directory.apply(dataclasses.replace(first, uid="uid-second", created=T0 + MINUTE))
    directory.advance(T0 + 30 * MINUTE)
    assert directory.pod("uid-db-0") is not None
    directory.advance(T0 + 120 * MINUTE)
    assert (directory.pod("uid-db-0"), directory.pod("uid-second") is not None) == (None, True)


def test_a_pod_that_is_told_as_gone_and_then_as_there_is_there():
    """A list that came from an old copy missed it; a worker that starts later hears of the last word only."""
    web = pod("web", "10.1.0.5", lease=(T0, 0))
    directory = Directory((facts(), dataclasses.replace(web, deleted=T0 + MINUTE)))
    gone = holder(directory, T0 + 2 * MINUTE)
    directory.apply(web)
    assert (gone, holder(directory, T0 + 2 * MINUTE)) == (UnresolvedPeer("10.1.0.5", "no_lease"), "uid-web")
