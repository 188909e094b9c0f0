"""The page about privileges names every feature and every capability, and its example can be used."""

import re
from pathlib import Path

import pytest
import yaml

from collector import check
from collector.features import Feature

PAGE = (Path(__file__).parents[2] / "docs/how-to/privileges.md").read_text()


@pytest.fixture(scope="module")
def pod():
    """The pod's specification of the example."""
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return yaml.safe_load(text)["spec"]["template"]["spec"]


def test_the_example_adds_the_capabilities_that_are_looked_for(pod):
    """All of them, and no other."""
    (container,) = pod["containers"]
    capabilities = container["securityContext"]["capabilities"]
    assert capabilities["drop"] == ["ALL"]
    assert set(capabilities["add"]) == set(check._CAPABILITIES)


def test_the_example_shows_the_node_and_writes_nothing(pod):
    """Its processes, its cgroups, and a root file system that is read only."""
    (container,) = pod["containers"]
    assert pod["hostPID"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert [volume["hostPath"]["path"] for volume in pod["volumes"] if volume["name"] in mounts] == ["/sys/fs/cgroup"]


def test_every_feature_has_its_row():
    """In their order."""
    assert re.findall(r"^\| `([a-z-]+)`", PAGE, re.MULTILINE)[: len(Feature)] == [feature.value for feature in Feature]


def test_every_capability_has_its_row():
    """By the names of capabilities(7)."""
    assert {f"CAP_{name}" for name in check._CAPABILITIES} <= set(re.findall(r"^\| `(CAP_\w+)`", PAGE, re.MULTILINE))
