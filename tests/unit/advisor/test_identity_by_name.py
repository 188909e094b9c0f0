"""Whose pod it was, when only its name, owner and labels are known."""

import pytest

from advisor.recorded.identity import common_labels, ref_of
from advisor.recorded.model import SeenPod
from schemas.records import labels_of


@pytest.mark.parametrize(
    ("name", "owner", "keys", "kind", "workload"),
    [
        ("web-66d68cbdd-9kkkl", "", ["pod-template-hash"], "Deployment", "web"),
        ("web-66d68cbdd-9kkkl", "web", [], "Deployment", "web"),
        ("web-66d68cbdd-9kkkl", "", [], "Pod", "web-66d68cbdd-9kkkl"),
        ("db-0", "", ["statefulset.kubernetes.io/pod-name"], "StatefulSet", "db"),
        ("db-12", "db", [], "StatefulSet", "db"),
        ("log-x7k2p", "", ["controller-revision-hash"], "DaemonSet", "log"),
        ("log-x7k2p", "log", [], "DaemonSet", "log"),
        ("backup-28391740-abcde", "", ["job-name"], "CronJob", "backup"),
        ("migrate-abcde", "", ["job-name"], "Job", "migrate"),
        ("solo", "", [], "Pod", "solo"),
        ("Odd-66d68cbdd-AAAAA", "Odd", [], "Deployment", "odd"),
    ],
)
def test_kind_and_name(name, owner, keys, kind, workload):
    """From the owner if there is one, else from run labels and the form of the name."""
    ref = ref_of(SeenPod("shop", name, labels_of(dict.fromkeys(keys, "x")), owner))
    assert (ref.kind, ref.name) == (kind, workload)


def test_labels_of_one_run_are_not_common():
    """They would pin a policy to one replica, revision, run or zone."""
    assert common_labels([(("app", "web"), ("pod-template-hash", "1"))]) == (("app", "web"),)


def test_labels_that_differ_between_pods_are_not_common():
    """Key and value must agree."""
    assert common_labels([(("app", "a"), ("v", "1")), (("app", "a"), ("v", "2"))]) == (("app", "a"),)
