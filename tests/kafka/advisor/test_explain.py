"""`network-policy explain` on the real Kafka."""

import json
from dataclasses import replace

import pytest
import yaml
from shop import shop
from suggested import suggestions

from schemas.records import WindowSource

pytestmark = pytest.mark.kafka
WINDOWS = shop(workloads=4, windows=2)
ONE, TWO, *_ = MADE = suggestions(workloads=4, windows=2)


@pytest.fixture
def pipeline(publish):
    """Suggestions, one of which has a namesake of another kind, and the windows they come from."""
    namesake = replace(TWO, workload=replace(TWO.workload, kind="StatefulSet"))
    publish(*MADE, namesake, *(replace(one, sources=(WindowSource("n1", "b", 4),)) for one in WINDOWS))


def test_each_rule_is_shown_with_its_evidence(pipeline, command):
    """By a short form of the name."""
    done = command("explain", ONE.workload.name)
    assert (done.returncode, done.stderr) == (0, "")
    first, *lines = done.stdout.splitlines()
    assert first == f"{ONE.workload.ref}: {ONE.policy_name}, revision 1"
    assert sum(line.startswith(("ingress[", "egress[")) for line in lines) == ONE.policy.count("ports:")
    seen = [line for line in lines if "2026-" in line or "1970-" in line]
    assert len(seen) == len([edge for edge in ONE.evidence if edge.established])
    assert all("n1" in line and "client" in line for line in seen)
    assert [line for line in lines if line.startswith("warning: ")] == [f"warning: {text}" for text in ONE.warnings]


@pytest.mark.parametrize(("form", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_a_document_for_programs(pipeline, command, form, read):
    document = read(command("explain", str(ONE.workload.ref), "-o", form).stdout)
    assert document["policy"] == ONE.policy_name
    counted = sum(edge["count"] for rule in document["rules"] for edge in rule["edges"])
    assert counted == sum(edge.total_count for edge in ONE.evidence)
    assert {tuple(rule["nodes"]) for rule in document["rules"]} == {("n1",)}
    assert document["warnings"] == list(ONE.warnings)


def test_a_name_of_several_is_exit_code_2(pipeline, command):
    """With all of them; the kind decides."""
    name = TWO.workload.name
    done = command("explain", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{name} may be any of {TWO.workload.ref}, {TWO.workload.namespace}/StatefulSet/{name};" in done.stderr
    done = command("explain", f"sts/{name}")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_name_is_exit_code_1(pipeline, publish, command):
    """With those that are near, or the news that it is gone."""
    done = command("explain", ONE.workload.name + "x")
    assert done.returncode == 1
    assert f"did you mean {ONE.workload.ref}" in done.stderr
    publish((ONE.key, None))
    done = command("explain", ONE.workload.name)
    assert done.returncode == 1
    assert "is gone" in done.stderr


def test_a_suggestion_that_cannot_be_read_is_exit_code_3(pipeline, publish, command):
    publish((ONE.key, b"garbage"))
    done = command("explain", ONE.workload.name)
    assert done.returncode == 3
    assert f"the suggestion of {ONE.workload.ref} cannot be read: partition" in done.stderr


def test_what_is_no_name_is_exit_code_2(pipeline, command):
    assert command("explain", "a/b/c/d").returncode == 2
    assert command("explain").returncode == 2
