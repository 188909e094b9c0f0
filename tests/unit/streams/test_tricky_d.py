"""Section D of the tricky cases: who a pod is, and when."""

import dataclasses

import pytest
from cluster_objects import T0, connection, controller, facts, owner, pod
from enriching import edges, enriched, observations

from schemas.records import UnresolvedPeer, counts_of, labels_of
from streams.directory.directory import Directory
from streams.directory.ends import PodEnd
from streams.objects.addresses import packed

HOUR = 3_600_000


def workload(objects, name="pod"):
    return Directory(objects).pod(f"uid-{name}").peer.workload


def holder(directory, address, at):
    end = directory.end(packed(address), at, at)
    return end.peer.workload.name if isinstance(end, PodEnd) else end.peer


# old  [T0 ------- T0+1h)
# new                         [T0+2h -----
#         ^ old        ^ nobody    ^ new
def test_d39_an_address_belongs_to_the_pod_that_held_it_then():
    """Identity is a question of time."""
    old = pod("old", "10.1.0.5", lease=(T0, T0 + HOUR))
    new = pod("new", "10.1.0.5", lease=(T0 + 2 * HOUR, 0))
    directory = Directory((facts(), old, new))
    nobody = UnresolvedPeer("10.1.0.5", "no_lease")
    found = [holder(directory, "10.1.0.5", T0 + minutes * 60_000) for minutes in (30, 90, 150)]
    assert ["old", nobody, "new"] == found


def test_d39_two_holders_at_once_are_nobody():
    """A lease that ends late is no reason to guess."""
    old = pod("old", "10.1.0.5", lease=(T0, T0 + HOUR))
    new = pod("new", "10.1.0.5", lease=(T0 + HOUR // 2, 0))
    assert UnresolvedPeer("10.1.0.5", "ambiguous") == holder(Directory((old, new)), "10.1.0.5", T0 + HOUR * 3 // 4)


def test_d39_two_holders_of_one_workload_are_as_good_as_one():
    top = controller("StatefulSet", "db", {"app": "db"})
    pods = [pod(name, "10.1.0.5", owned_by=owner("StatefulSet", "db"), lease=(T0, 0)) for name in ("db-0", "db-1")]
    assert holder(Directory((top, *pods)), "10.1.0.5", T0 + 5) == "db"


def test_d39_a_pod_of_the_same_name_ends_the_earlier_lease():
    """A StatefulSet's pod comes back under its name and another UID."""
    first = pod("db-0", "10.1.0.5", labels={"run": "1"}, lease=(T0, 0))
    second = pod("db-0", "10.1.0.6", labels={"run": "2"}, lease=(T0 + HOUR, 0))
    directory = Directory((facts(), first, dataclasses.replace(second, uid="uid-second")))
    assert UnresolvedPeer("10.1.0.5", "no_lease") == holder(directory, "10.1.0.5", T0 + 2 * HOUR)
    assert holder(directory, "10.1.0.5", T0 + HOUR // 2) == "db-0"


def test_d39_the_collectors_uid_wins_over_the_address():
    first, second = pod("first", "10.1.0.5"), pod("second", "10.1.0.5")
    seen = edges((first, second), connection("10.1.0.5", "203.0.113.1", 443, pod_uid="uid-second"))
    assert [subject for subject, _, _, _ in seen] == ["second"]


def test_d39_an_unknown_uid_is_not_taken_for_the_addresss_pod():
    seen = enriched(
        (pod("known", "10.1.0.5"),), connection("10.1.0.5", "203.0.113.1", 443, pod_uid="uid-unknown", count=2)
    )
    assert (counts_of({"unknown_pod": 2}), ()) == (seen.source.unresolved, observations(seen))


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_d40_an_ended_pod_owns_no_address(phase):
    done = pod("done", "10.1.0.5", phase=phase, ended=T0 + 1_000, lease=(T0 - HOUR, 0))
    live = pod("live", "10.1.0.5", lease=(T0 + 60_000, 0))
    directory = Directory((done, live))
    assert [holder(directory, "10.1.0.5", T0 + at) for at in (1_900, 90_000)] == ["done", "live"]


def test_d41_an_address_inside_the_pod_range_is_unresolved_never_external():
    seen = edges((pod("web", "10.1.0.1"),), connection("10.1.0.1", "10.1.99.99", 80))
    assert [("web", 0, UnresolvedPeer("10.1.99.99", "no_lease"), 80)] == seen


def test_d42_jobs_of_a_cron_job_are_one_workload_without_run_labels():
    run = {"job-name": "backup-1", "controller-uid": "c1", "batch.kubernetes.io/job-name": "backup-1"}
    objects = (
        controller("CronJob", "backup", template={"app": "backup"}),
        controller("Job", "backup-1", selector={"controller-uid": "c1"}, owned_by=owner("CronJob", "backup")),
        pod("pod", "10.1.0.5", labels={"app": "backup", **run}, owned_by=owner("Job", "backup-1")),
    )
    found = workload(objects)
    assert ("CronJob", "backup", labels_of({"app": "backup"})) == (found.kind, found.name, found.selector)


def test_d42_a_job_alone_selects_by_its_template_without_run_labels():
    job = controller(
        "Job", "migrate", selector={"batch.kubernetes.io/controller-uid": "c1"}, template={"app": "migrate"}
    )
    assert labels_of({"app": "migrate"}) == workload((job, pod("pod", owned_by=owner("Job", "migrate")))).selector


def test_d43_stateful_set_labels_never_pin_one_replica():
    pinned = {"app": "db", "statefulset.kubernetes.io/pod-name": "db-0", "apps.kubernetes.io/pod-index": "0"}
    objects = (pod("pod", labels={**pinned, "controller-revision-hash": "x"}, owned_by=owner("StatefulSet", "db")),)
    found = workload(objects)
    assert ("StatefulSet", labels_of({"app": "db"})) == (found.kind, found.selector)


def test_d44_the_deployments_own_selector_is_preferred():
    labels = {"app": "web", "pod-template-hash": "abc", "app.kubernetes.io/version": "7"}
    objects = (
        controller("Deployment", "web", {"app": "web"}),
        controller("ReplicaSet", "web-abc", {"app": "web", "pod-template-hash": "abc"}, (), owner("Deployment", "web")),
        pod("pod", labels=labels, owned_by=owner("ReplicaSet", "web-abc")),
    )
    found = workload(objects)
    assert ("Deployment", "web", labels_of({"app": "web"})) == (found.kind, found.name, found.selector)


def test_d44_a_replica_set_already_gone_is_bridged_by_the_hash():
    gone = pod("pod", labels={"app": "web", "pod-template-hash": "abc"}, owned_by=owner("ReplicaSet", "web-abc"))
    found = workload((gone,))
    assert ("Deployment", "web", labels_of({"app": "web"})) == (found.kind, found.name, found.selector)


def test_d44_labels_of_a_revision_are_no_ones_identity():
    """Soft ones too, and those that an injection adds."""
    soft = ("app.kubernetes.io/version", "helm.sh/chart", "istio.io/rev", "service.istio.io/canonical-revision")
    assert workload((pod("pod", labels={"app": "web", **dict.fromkeys(soft, "7")}),)).selector == labels_of(
        {"app": "web"}
    )


def test_d45_pods_of_two_revisions_are_one_workload():
    top = controller("Deployment", "web", {"app": "web"})
    old = pod("old", labels={"app": "web", "pod-template-hash": "a"}, owned_by=owner("ReplicaSet", "web-a"))
    new = pod(
        "new", labels={"app": "web", "tier": "x", "pod-template-hash": "b"}, owned_by=owner("ReplicaSet", "web-b")
    )
    assert workload((top, old, new), "old") == workload((top, old, new), "new")


def test_d50_an_unknown_owner_stops_the_climb_at_the_last_built_in_controller():
    top = controller("StatefulSet", "prometheus", {"app": "p"}, owned_by=owner("Prometheus", "main", "monitoring/v1"))
    found = workload((top, pod("pod", owned_by=owner("StatefulSet", "prometheus"))))
    assert (found.kind, found.name) == ("StatefulSet", "prometheus")


def test_d50_a_foreign_kind_of_a_built_in_name_is_no_built_in():
    found = workload((pod("pod", labels={"a": "b"}, owned_by=owner("StatefulSet", "x", "apps.kruise.io/v1beta1")),))
    assert ("Pod", "pod", labels_of({"a": "b"})) == (found.kind, found.name, found.selector)


def test_d42_a_job_already_gone_is_bridged_to_its_cron_job_by_its_name():
    """`<cronjob>-<minutes since 1970>`, and the CronJob was there at that minute."""
    cron_job = dataclasses.replace(controller("CronJob", "backup", template={"app": "backup"}), created=T0 - HOUR)
    run = {"owned_by": owner("Job", f"backup-{T0 // 60_000}"), "lease": (T0 + 1_000, 0)}
    found = workload((cron_job, pod("pod", labels={"app": "backup"}, **run)))
    assert (found.kind, found.name, found.selector) == ("CronJob", "backup", labels_of({"app": "backup"}))


@pytest.mark.parametrize(
    ("name", "known"),
    [
        (f"backup-{T0 // 60_000}", False),
        (f"backup-{T0 // 60_000 - 120}", True),
        (f"backup-{T0 // 60_000 + 120}", True),
        ("backup-7", True),
        ("backup-20260102", True),
    ],
    ids=["no such CronJob", "before it was there", "after the pod", "no minutes", "a date"],
)
def test_d42_a_job_that_may_be_nobodys_stays_a_job(name, known):
    """Only what is certain is bridged."""
    cron_job = dataclasses.replace(controller("CronJob", "backup"), created=T0 - HOUR)
    job_pod = pod("pod", labels={"app": "backup"}, owned_by=owner("Job", name), lease=(T0 + 1_000, 0))
    found = workload((cron_job, job_pod) if known else (job_pod,))
    assert (found.kind, found.name) == ("Job", name)


def test_d42_a_cron_job_that_is_heard_of_later_changes_whose_the_pod_is():
    """The order in which objects arrive does not matter."""
    job_pod = pod("pod", owned_by=owner("Job", f"backup-{T0 // 60_000}"), lease=(T0 + 1_000, 0))
    directory = Directory((job_pod,))
    before = directory.pod("uid-pod").peer.workload.kind
    directory.apply(controller("CronJob", "backup"))
    assert (before, directory.pod("uid-pod").peer.workload.kind) == ("Job", "CronJob")


def test_d44_a_replica_set_of_another_kind_of_rollout_is_its_own_workload():
    """Its pods carry no pod-template-hash, and the kind above it is unknown."""
    replica_set = controller(
        "ReplicaSet", "web-abc", {"app": "web"}, (), owner("Rollout", "web", "argoproj.io/v1alpha1")
    )
    labels = {"app": "web", "rollouts-pod-template-hash": "abc"}
    found = workload((replica_set, pod("pod", labels=labels, owned_by=owner("ReplicaSet", "web-abc"))))
    assert (found.kind, found.name, found.selector) == ("ReplicaSet", "web-abc", labels_of({"app": "web"}))


def test_d46_labels_that_a_node_lends_are_no_ones_identity():
    """A bare pod that moves would lose its policy."""
    labels = {"app": "web", "topology.kubernetes.io/zone": "a", "failure-domain.beta.kubernetes.io/region": "r"}
    assert workload((pod("pod", labels=labels),)).selector == labels_of({"app": "web"})


def test_d47_a_pod_without_labels_has_no_selector():
    """An empty selector says that no policy can be written; it never stands for all pods."""
    assert workload((pod("pod", labels={"controller-revision-hash": "x"}),)).selector == ()


def test_d49_namespaces_tell_workloads_of_one_name_apart():
    """Name, labels and kind are the same."""
    here = pod("web", "10.1.0.1", labels={"app": "web"})
    there = dataclasses.replace(here, namespace="other", uid="uid-other", body=pod("web", "10.1.0.2").body)
    seen = edges((here, there), connection("10.1.0.1", "10.1.0.2", 80))
    assert [peer.workload.namespace for _, role, peer, _ in seen if role == 0] == ["other"]
