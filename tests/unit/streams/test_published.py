"""What has to be written when the cluster changes, given what is published."""

from dataclasses import replace

import pytest
from cluster_objects import node, pod, service

from streams.published import Published

NOW = 1_800_000_000_000
WEB = pod("web", "10.1.0.1")


def listed(published, *items, namespace="", kind="Pod"):
    return list(published.listed(kind, namespace, {item.key: item for item in items}, NOW))


def elsewhere(item, namespace="other"):
    return replace(item, namespace=namespace)


def test_what_is_new_is_written_once():
    """The same again is no news."""
    published = Published()
    assert published.put(WEB, NOW) == (WEB,)
    assert published.put(WEB, NOW) == ()


def test_what_is_published_already_is_no_news_after_a_start():
    """It was read from the topic."""
    assert Published([WEB]).put(WEB, NOW) == ()


def test_a_change_is_written():
    """Whatever of the slim object it concerns."""
    changed = replace(WEB, labels=(("app", "web"),))
    assert Published([WEB]).put(changed, NOW) == (changed,)


def test_a_pod_that_took_anothers_name_closes_its_lease_first():
    """A StatefulSet's pod comes back under its name while nobody watched."""
    later = replace(WEB, uid="uid-later")
    assert Published([WEB]).put(later, NOW) == (replace(WEB, deleted=NOW), later)


def test_what_is_gone_is_a_closed_lease_as_it_was_last():
    """The last event knows how it ended."""
    ended = replace(WEB, body=replace(WEB.body, phase="Failed", ended=NOW - 5))
    published = Published([WEB])
    assert published.gone(WEB.key, NOW, ended) == (replace(ended, deleted=NOW),)
    assert published.gone(WEB.key, NOW, ended) == ()


def test_a_pod_never_ends_before_it_began():
    """It was made by the API server's clock and is closed by ours, which may be behind."""
    young = replace(WEB, created=NOW + 3000)
    assert Published([young]).gone(WEB.key, NOW)[0].deleted == NOW + 3001


def test_the_end_of_an_earlier_pod_of_that_name_ends_not_the_later():
    """Names are used again; UIDs are not."""
    assert Published([replace(WEB, uid="uid-later")]).gone(WEB.key, NOW, WEB) == ()


def test_what_nobody_knew_is_not_closed():
    """It was made and gone between two lists."""
    assert Published().gone(WEB.key, NOW, WEB) == ()


def test_a_list_closes_what_is_not_among_it():
    """Deletions that happened while nobody watched."""
    other = pod("other", "10.1.0.2")
    assert listed(Published([WEB, other]), other) == [replace(WEB, deleted=NOW)]


def test_a_list_of_one_namespace_or_kind_closes_nothing_else():
    """It says nothing of them."""
    published = Published([WEB, elsewhere(WEB), service("web", "10.96.0.1"), node("n1", "192.168.0.1")])
    assert listed(published, namespace="other") == [replace(elsewhere(WEB), deleted=NOW)]
    assert published.counts() == {"Pod": 1, "Service": 1, "Node": 1}


def test_an_object_that_cannot_be_used_keeps_what_is_published():
    """It is there, only not understood."""
    assert list(Published([WEB]).listed("Pod", "", {WEB.key: None}, NOW)) == []


def test_a_closed_lease_is_due_for_its_tombstone_after_the_grace_period():
    """Once; and what was closed before the start is not forgotten."""
    published = Published([replace(WEB, deleted=NOW - 10)])
    assert published.expired(NOW - 10) == ()
    assert published.expired(NOW - 9) == (WEB.key,)
    assert published.expired(NOW) == ()


def test_what_came_back_gets_no_tombstone():
    """Its key is another object's now."""
    published = Published([replace(WEB, deleted=NOW)])
    published.put(replace(WEB, uid="uid-later"), NOW)
    assert published.expired(NOW + 1) == ()


def test_what_nobody_watches_any_more_is_forgotten():
    """Whether it still exists is unknown; closed leases go with it, our own records do not."""
    facts = replace(node("n", "192.168.0.1"), kind="ClusterFacts", name="cluster")
    kept, left, closed = WEB, elsewhere(WEB), elsewhere(replace(WEB, name="gone", deleted=NOW))
    published = Published([kept, left, closed, facts])
    assert set(published.outside([("Pod", "demo")])) == {left.key, closed.key}
    assert [item.key for item in published.living()] == [kept.key, facts.key]


@pytest.mark.parametrize("scope", [("Pod", ""), ("Pod", "demo")])
def test_what_is_watched_is_not_forgotten(scope):
    """Everywhere, or in its namespace."""
    assert Published([WEB]).outside([scope]) == ()
