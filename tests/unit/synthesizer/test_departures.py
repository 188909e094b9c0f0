"""Who is gone for good, drawn. The grace is ten minutes; the inventory is complete up to `now`.

minutes     0 . . . . 5 . . . . 10 . . . . 15 . . . . 20
web         [---------] deleted                           gone from 15 on
"""

from dataclasses import replace

import pytest
from audited import (
    Program,
    Topics,
    deployment_object,
    heartbeat,
    namespace_object,
    pod_object,
    ref,
    world_of,
)
from small_worlds import window, workload

from schemas.errors import UsageError
from schemas.kafka import KafkaSettings
from schemas.records import Edge, OwnerRef, Protocol, Role, Workload, WorkloadPeer
from synthesizer.departures import Departures
from synthesizer.evidence import fold
from synthesizer.settings import SynthesizerSettings

MINUTE = 60_000
GRACE = 10 * MINUTE
WEB, PEER = workload("shop", 0), workload("shop", 2)
BASE = 10**9


def at(minute):
    """A moment."""
    return BASE + minute * MINUTE


def evidence(subject=WEB, seen=0):
    """The workload connected to another, lastly in that minute."""
    edge = Edge(Role.CLIENT, WorkloadPeer(PEER), Protocol.TCP, 80, 1, 0, 0, 0, at(seen) - 1, at(seen))
    return fold(None, window(subject, BASE, [edge]))


def gone(*objects, now=30, known=None, partitions=1, time=None, grace=GRACE):
    """Whether the workload is gone for good by these objects."""
    world = world_of(*objects, partitions=partitions, time=at(now) if time is None else time)
    return Departures(world, grace).gone([known or evidence()], at(now)) != ()


def closed(minute):
    """Its controller and its pod, deleted in that minute."""
    return deployment_object(WEB, deleted=at(minute)), pod_object(WEB, deleted=at(minute))


def test_a_workload_is_gone_a_grace_period_after_its_last_object():
    assert [minute for minute in (5, 14, 15, 16, 30) if gone(*closed(5), now=minute)] == [15, 16, 30]


def test_a_controller_or_a_pod_that_is_left_keeps_it():
    """Pods outlive a controller that was deleted with --cascade=orphan."""
    controller, pod = closed(5)
    assert not gone(deployment_object(WEB), pod)
    assert not gone(controller, pod_object(WEB))
    assert not gone(controller, pod, pod_object(WEB, 1))


def test_a_pod_that_went_later_than_its_controller_counts():
    controller, _ = closed(5)
    assert not gone(controller, pod_object(WEB, deleted=at(25)))


def test_what_was_seen_to_connect_is_not_gone():
    """Whatever the inventory says: a window shows it a minute ago."""
    assert not gone(*closed(5), known=evidence(seen=29))


@pytest.mark.parametrize("time", [0, at(28), at(32)])
def test_never_by_a_stale_inventory(time):
    """No heartbeat, one of two minutes ago, or one of the future."""
    objects = [*closed(5), *([heartbeat(time)] if time else [])]
    world = world_of(*objects, time=time)
    assert Departures(world, GRACE).gone([evidence()], at(30)) == ()


def test_never_by_an_inventory_of_which_a_part_is_missing():
    """A partition without a heartbeat, or a record that cannot be read, until it is told anew."""
    world = world_of(*closed(5), time=at(30))
    departures = Departures(world, GRACE)
    assert departures.gone([evidence()], at(30)) == (WEB.ref,)
    world.unreadable("test/Pod/shop/other")
    assert departures.gone([evidence()], at(30)) == ()
    world.unreadable("elsewhere/Pod/shop/other")
    world.forget("test/Pod/shop/other")
    assert departures.gone([evidence()], at(30)) == (WEB.ref,)
    lonely = world_of(*closed(5), partitions=0)
    lonely.apply(heartbeat(at(30)), 0)
    assert Departures(lonely, GRACE).gone([evidence()], at(30)) == ()


def test_what_the_inventory_never_knew_is_kept_where_not_all_namespaces_are_watched():
    """Absence says nothing there; `follow --namespaces` was given a shorter list, perhaps."""
    world = world_of(time=at(0))
    departures = Departures(world, GRACE)
    for minute in (0, 15, 30):
        world.apply(heartbeat(at(minute)), 0)
        assert departures.gone([evidence()], at(minute)) == ()


def test_what_is_not_there_is_gone_a_grace_period_after_that_was_noticed():
    """A synthesizer that was away when it went; the inventory has forgotten it since. Its restart begins anew."""
    world = world_of(namespace_object("kube-system"), time=at(1))
    found = []
    departures = Departures(world, GRACE)
    for minute in (1, 5, 10, 11, 20):
        world.apply(heartbeat(at(minute)), 0)
        if departures.gone([evidence()], at(minute)):
            found.append(minute)
    assert found == [11, 20]
    assert Departures(world, GRACE).gone([evidence()], at(20)) == ()


def test_a_doubt_meanwhile_makes_the_absence_begin_anew():
    """Nobody knows what was there while the inventory was stale."""
    world = world_of(namespace_object("kube-system"), time=at(1))
    departures = Departures(world, GRACE)
    departures.gone([evidence()], at(1))
    departures.gone([evidence()], at(9))
    world.apply(heartbeat(at(12)), 0)
    assert departures.gone([evidence()], at(12)) == ()


def test_what_was_closed_is_remembered_when_the_inventory_forgets_it():
    """`follow --grace` may be shorter than ours."""
    world = world_of(*closed(5), time=at(6))
    departures = Departures(world, GRACE)
    assert departures.gone([evidence()], at(6)) == ()
    world.forget("test/Deployment/shop/w0")
    world.forget("test/Pod/shop/w0-0")
    world.apply(heartbeat(at(15)), 0)
    assert departures.gone([evidence()], at(15)) == (WEB.ref,)


def test_no_grace_means_that_nothing_ever_goes():
    assert not gone(*closed(5), grace=None)


@pytest.mark.parametrize("seconds", [-1.0, 31 * 86_400.0, float("nan")])
def test_a_grace_that_is_none_is_refused(seconds):
    with pytest.raises(UsageError, match="gone-after"):
        SynthesizerSettings(KafkaSettings("x"), gone_after_s=seconds)


def test_d42_the_runs_of_a_cron_job_come_and_go():
    """The CronJob is the workload: a run that ended takes nothing with it, nor does one whose Job is gone."""
    nightly = Workload("shop", "CronJob", "nightly", (("app", "nightly"),))
    run = replace(
        pod_object(nightly, deleted=at(5)), owner=OwnerRef("Job", "nightly-29000000", "x"), name="nightly-29000000-abc"
    )
    assert not gone(deployment_object(nightly), run, known=evidence(nightly))
    assert gone(deployment_object(nightly, deleted=at(5)), run, known=evidence(nightly))
    alive = replace(run, deleted=0)
    assert not gone(deployment_object(nightly, deleted=at(5)), alive, known=evidence(nightly))


def test_d44_a_rollout_replaces_pods_and_replica_sets_not_the_deployment():
    """The old ReplicaSet is forgotten; its pods' hash leads to the Deployment all the same."""
    labels = {**dict(WEB.selector), "pod-template-hash": "abc"}
    pod = replace(pod_object(WEB, labels=labels), owner=OwnerRef("ReplicaSet", "w0-abc", "x"))
    controller, _ = closed(5)
    assert not gone(controller, pod)
    assert gone(controller, replace(pod, deleted=at(6)))


def test_d50_a_pod_of_an_operator_is_its_own_workload():
    """It is gone with itself."""
    own = Workload("shop", "Pod", "instance-1", (("app", "instance"),))
    pod = replace(pod_object(WEB), name="instance-1", owner=OwnerRef("InstanceManager", "x", "y", "longhorn.io/v1"))
    assert not gone(pod, known=evidence(own))
    assert gone(replace(pod, deleted=at(5)), known=evidence(own))


def test_who_comes_back_is_suggested_again_from_what_is_seen_then():
    """Within the grace nothing was taken; after it, what was known is gone with the tombstone."""
    topics = Topics()
    world = world_of(*closed(5), time=at(30))
    program = Program(topics, world, GRACE)
    old = Edge(Role.CLIENT, WorkloadPeer(PEER), Protocol.TCP, 80, 1, 0, 0, 0, at(0), at(0))
    program.fold(window(WEB, BASE, [old]))
    program.suggest()
    program.depart(at(30))
    assert (topics.tombstones, topics.suggestions) == ([ref("w0")], {})
    world.apply(deployment_object(WEB), 0)
    world.apply(pod_object(WEB), 0)
    program.fold(window(WEB, at(35), [replace(old, port=81, first_seen=at(35), last_seen=at(35))]))
    program.suggest()
    program.depart(at(30))
    (suggestion,) = topics.suggestions.values()
    assert (suggestion.revision, [edge.port for edge in suggestion.evidence]) == (1, [81])
