"""From changes to records: what is written, in which order, and what is doubted."""

from dataclasses import replace

import pytest
from cluster_objects import node, pod, service

from schemas.records import ClusterFacts, InventoryObject
from streams.follow.desk import Desk
from streams.follow.kinds import KINDS, SERVICE_CIDR, Scope
from streams.follow.watcher import Changed, Listed, Removed, Slim

NOW = 1_800_000_000_000
PODS, NODES, RANGES = (
    Scope(next(kind for kind in KINDS if kind.name == one)) for one in ("Pod", "Node", "ServiceCIDR")
)
MANY = tuple(pod(f"p{number}", f"10.1.0.{number}") for number in range(120))


class Paper:
    """Keeps what would be written."""

    def __init__(self):
        self.lines = []
        self.items = []

    def send(self, item):
        self.items += [item] if item.kind != "ClusterFacts" else []
        self.lines.append((item.name, bool(item.deleted)))

    def forget(self, keys):
        self.lines += [("forget", key) for key in keys]

    def heartbeat(self, time_ms, since_ms=0):
        self.since = since_ms
        self.lines.append(("beat", time_ms))


@pytest.fixture
def paper():
    return Paper()


def desk(paper, *objects, complete=0):
    return Desk("test", paper, [(item, item.deleted) for item in objects], complete)


def listed(*items):
    return Listed(tuple(Slim(item.key, item) for item in items))


def slim(item):
    return Slim(item.key, item)


def cidr(*ranges):
    item = InventoryObject("test", SERVICE_CIDR.name, "", "kubernetes", ClusterFacts(service_cidrs=ranges))
    return slim(item)


def test_changes_are_written_as_they_come_and_only_if_they_are_news(paper):
    """A list, an event, the same event again, an end."""
    web, db = pod("web", "10.1.0.1"), pod("db", "10.1.0.2")
    made = desk(paper, web)
    for change in (listed(web, db), Changed(slim(db)), Removed(slim(web))):
        made.apply(PODS, change, NOW)
    assert paper.lines == [("db", False), ("web", True)]
    assert (made.sums.changed, made.sums.closed) == (1, 1)


def test_what_was_deleted_while_nobody_watched_for_long_ends_when_all_was_last_complete(paper):
    """At a start as the topic's last heartbeat says, later as our own; told by a list or by a late event."""
    web, db, api = pod("web", "10.1.0.1"), pod("db", "10.1.0.2"), pod("api", "10.1.0.3")
    made = desk(paper, web, db, api, complete=NOW - 90_000)
    made.apply(PODS, listed(db, api), NOW)
    made.beat(NOW - 1000, NOW)
    made.apply(PODS, listed(api), NOW + 70_000)
    made.apply(PODS, Removed(slim(api)), NOW + 70_000)
    assert [item.deleted for item in paper.items] == [NOW - 90_000, NOW - 1000, NOW - 1000]


def test_over_a_short_gap_a_lease_goes_on(paper):
    """While the API server restarts its pods keep their addresses."""
    web = pod("web", "10.1.0.1")
    desk(paper, web, complete=NOW - 60_000).apply(PODS, listed(), NOW)
    assert [item.deleted for item in paper.items] == [NOW]


def test_an_object_that_cannot_be_used_changes_nothing(paper):
    """Neither as an event nor as its end, which closes what is published."""
    web = pod("web", "10.1.0.1")
    made = desk(paper, web)
    made.apply(PODS, Changed(Slim(web.key, None)), NOW)
    assert paper.lines == []
    made.apply(PODS, Removed(Slim(web.key, None)), NOW)
    assert paper.lines == [("web", True)]


def test_the_facts_are_written_before_the_heartbeat_that_covers_them(paper):
    """A reader that waits for the heartbeat knows the ranges."""
    made = desk(paper)
    made.apply(NODES, listed(node("n1", "192.168.0.1", cidrs=["10.1.0.0/24"])), NOW)
    made.beat(NOW, NOW)
    assert paper.lines == [("n1", False), ("cluster", False), ("beat", NOW)]


def test_a_heartbeat_says_from_when_on_nothing_was_missed(paper):
    """It is the first of this program: what came and went before it is not known."""
    made = desk(paper)
    made.beat(NOW - 5, NOW)
    made.beat(NOW, NOW)
    assert paper.since == NOW - 5


def test_facts_that_stay_the_same_are_not_written_again(paper):
    """A pod within a known range says nothing new."""
    made = desk(paper)
    made.apply(NODES, listed(node("n1", "192.168.0.1", cidrs=["10.1.0.0/24"])), NOW)
    made.beat(NOW, NOW)
    made.apply(PODS, Changed(slim(pod("web", "10.1.0.1"))), NOW)
    made.beat(NOW, NOW + 60_000)
    assert paper.lines.count(("cluster", False)) == 1


def test_a_pod_outside_of_the_ranges_widens_them(paper):
    """At one of the next heartbeats, not with every pod."""
    made = desk(paper)
    made.beat(NOW, NOW)
    made.apply(PODS, Changed(slim(pod("web", "10.7.0.1"))), NOW)
    made.beat(NOW, NOW + 1)
    made.beat(NOW, NOW + 60_000)
    assert [line[0] for line in paper.lines] == ["cluster", "beat", "web", "beat", "cluster", "beat"]


def test_another_clusters_ranges_do_not_stay(paper):
    """They are kept over a restart for late connections, unless the cluster is another."""
    first = desk(paper, pod("web", "10.7.0.1"))
    first.beat(NOW, NOW)
    later = desk(paper, *(item for item in first.published.living() if item.kind == "ClusterFacts"))
    assert later.facts.pod_cidrs == ("10.7.0.0/24",)
    later.forget_ranges()
    later.beat(NOW, NOW)
    assert later.facts.pod_cidrs == ()


def test_the_servers_ranges_of_services_are_facts_and_no_records(paper):
    """They come, change and go."""
    made = desk(paper, service("s", "10.96.0.1"))
    found = []
    for change in (listed(), Changed(cidr("10.96.0.0/12")), Removed(cidr("10.96.0.0/12"))):
        made.apply(RANGES, change, NOW)
        made.beat(NOW, NOW + 60_000 * (len(found) + 1))
        facts = next(item for item in made.published.living() if item.kind == "ClusterFacts")
        found.append(facts.body.service_cidrs)
    assert found == [("10.96.0.0/16",), ("10.96.0.0/12",), ("10.96.0.0/16",)]


def test_a_list_that_lacks_most_of_what_there_was_is_doubtful(paper):
    """A store that was restored, or is not read yet, answers so."""
    made = desk(paper, *MANY)
    assert made.doubtful(PODS, listed()) == 120
    assert made.doubtful(PODS, listed(*MANY[:59])) == 61
    assert made.doubtful(PODS, listed(*MANY[:60])) == 0


def test_a_few_may_go_at_once(paper):
    """A small cluster is emptied in a moment."""
    assert desk(paper, *MANY[:50]).doubtful(PODS, listed()) == 0


def test_files_are_all_there_is(paper):
    """What they lack is gone, of every kind."""
    web = pod("web", "10.1.0.1")
    made = desk(paper, web, node("n1", "192.168.0.1"))
    made.all_of([replace(web, labels=(("a", "b"),))], NOW)
    assert sorted(paper.lines) == [("n1", True), ("web", False)]


def test_tombstones_follow_after_the_grace_period(paper):
    """Not before."""
    made = desk(paper, replace(pod("web", "10.1.0.1"), deleted=NOW))
    made.tidy(NOW + 1000, 1000)
    assert paper.lines == []
    made.tidy(NOW + 1001, 1000)
    assert paper.lines == [("forget", "test/Pod/demo/web")]
