"""What has to be written when the cluster changes, given what is published."""

from dataclasses import replace

import pytest
from cluster_objects import node, pod, service

from streams.follow.published import Moment, Published

NOW = 1_800_000_000_000
AT_ONCE = Moment(NOW, NOW)
WEB = pod("web", "10.1.0.1")


def held(objects, written=NOW):
    """What is published since a moment."""
    return Published((item, written) for item in objects)


def listed(published, *items, namespace="", kind="Pod"):
    return list(published.listed(kind, namespace, {item.key: item for item in items}, AT_ONCE))


def elsewhere(item, namespace="other"):
    return replace(item, namespace=namespace)


def test_what_is_new_is_written_once():
    """The same again is no news."""
    published = Published()
    assert published.put(WEB, AT_ONCE) == (WEB,)
    assert published.put(WEB, AT_ONCE) == ()


def test_what_is_published_already_is_no_news_after_a_start():
    """It was read from the topic."""
    assert held([WEB]).put(WEB, AT_ONCE) == ()


def test_a_change_is_written():
    """Whatever of the slim object it concerns."""
    changed = replace(WEB, labels=(("app", "web"),))
    assert held([WEB]).put(changed, AT_ONCE) == (changed,)


def test_a_pod_that_took_anothers_name_closes_its_lease_first():
    """A StatefulSet's pod comes back under its name while nobody watched."""
    later = replace(WEB, uid="uid-later")
    assert held([WEB]).put(later, AT_ONCE) == (replace(WEB, deleted=NOW), later)


def test_what_is_gone_is_a_closed_lease_as_it_was_last():
    """The last event knows how it ended."""
    ended = replace(WEB, body=replace(WEB.body, phase="Failed", ended=NOW - 5))
    published = held([WEB])
    assert published.gone(WEB.key, AT_ONCE, ended) == (replace(ended, deleted=NOW),)
    assert published.gone(WEB.key, AT_ONCE, ended) == ()


def test_what_a_list_lacks_was_there_when_all_was_last_known():
    """Since then its address may have been another's: nobody's is right, a guess is not."""
    away = Moment(NOW, NOW - 60_000)
    assert [item.deleted for item in held([WEB]).listed("Pod", "", {}, away)] == [NOW - 60_000]


def test_a_pod_never_ends_before_it_began():
    """It was made by the API server's clock and is closed by ours, which may be behind."""
    young = replace(WEB, created=NOW + 3000)
    assert held([young]).gone(WEB.key, AT_ONCE)[0].deleted == NOW + 3001


def test_the_end_of_an_earlier_pod_of_that_name_ends_not_the_later():
    """Names are used again; UIDs are not."""
    assert held([replace(WEB, uid="uid-later")]).gone(WEB.key, AT_ONCE, WEB) == ()


def test_what_nobody_knew_is_not_closed():
    """It was made and gone between two lists."""
    assert Published().gone(WEB.key, AT_ONCE, WEB) == ()


def test_a_list_closes_what_is_not_among_it():
    """Deletions that happened while nobody watched."""
    other = pod("other", "10.1.0.2")
    assert listed(held([WEB, other]), other) == [replace(WEB, deleted=NOW)]


def test_a_list_of_one_namespace_or_kind_closes_nothing_else():
    """It says nothing of them."""
    published = held([WEB, elsewhere(WEB), service("web", "10.96.0.1"), node("n1", "192.168.0.1")])
    assert listed(published, namespace="other") == [replace(elsewhere(WEB), deleted=NOW)]
    assert published.counts() == {"Pod": 1, "Service": 1, "Node": 1}


def test_an_object_that_cannot_be_used_keeps_what_is_published():
    """It is there, only not understood."""
    assert list(held([WEB]).listed("Pod", "", {WEB.key: None}, AT_ONCE)) == []


def test_a_closed_lease_is_due_for_its_tombstone_after_the_grace_period():
    """Once; it counts from when that was written, since a worker that was away reads late connections then."""
    published = held([replace(WEB, deleted=NOW - 5000)], written=NOW - 10)
    assert published.expired(NOW - 10) == ()
    assert published.expired(NOW - 9) == (WEB.key,)
    assert published.expired(NOW) == ()


def test_what_came_back_gets_no_tombstone():
    """Its key is another object's now."""
    published = held([replace(WEB, deleted=NOW)])
    published.put(replace(WEB, uid="uid-later"), AT_ONCE)
    assert published.expired(NOW + 1) == ()


def test_what_nobody_watches_any_more_is_forgotten():
    """Whether it still exists is unknown; closed leases go with it, our own records do not."""
    facts = replace(node("n", "192.168.0.1"), kind="ClusterFacts", name="cluster")
    kept, left, closed = WEB, elsewhere(WEB), elsewhere(replace(WEB, name="gone", deleted=NOW))
    published = held([kept, left, closed, facts])
    assert set(published.outside([("Pod", "demo")])) == {left.key, closed.key}
    assert [item.key for item in published.living()] == [kept.key, facts.key]


@pytest.mark.parametrize("scope", [("Pod", ""), ("Pod", "demo")])
def test_what_is_watched_is_not_forgotten(scope):
    """Everywhere, or in its namespace."""
    assert held([WEB]).outside([scope]) == ()
