"""`network-policy status` on the real Kafka."""

import json
from dataclasses import replace

import pytest
import yaml
from shop import shop
from suggested import suggestions

from schemas.kafka import TopicPartition, consumer
from schemas.records import WindowSource
from schemas.topics import WORKLOAD_WINDOWS

pytestmark = pytest.mark.kafka
WINDOWS = shop(workloads=4, windows=2)
MADE = suggestions(workloads=4, windows=2)


@pytest.fixture
def pipeline(publish, kafka):
    """Suggestions, the windows they come from, one of them with a loss, and a synthesizer that has done some."""
    hurt = {"complete": False, "incomplete_because": ("node n1: 3 batches were lost",)}
    sources = (WindowSource("n1", "b", 4),)
    publish(*MADE, *(replace(one, sources=sources, **(hurt if one.start else {})) for one in WINDOWS))
    client = consumer(kafka, f"{kafka.topic_prefix}netpol-synthesizer.test")
    client.commit(offsets=[TopicPartition(kafka.topic(WORKLOAD_WINDOWS), 0, 1)], asynchronous=False)
    client.close()


def test_a_row_for_each_workload_and_the_lag_of_both_groups(pipeline, command):
    """What was lost is said once."""
    done = command("status")
    assert (done.returncode, done.stderr) == (0, "")
    for one in MADE:
        assert any(str(one.workload.ref) in line and " 1 of 2, 1" in line for line in done.stdout.splitlines())
    lines = done.stdout.splitlines()
    assert "lost lately: node n1: 3 batches were lost (4 workloads)" in lines
    assert lines[-2] == ("stream: nobody runs it; not done yet: 0 of netpol.connections, 0 of netpol.workload-edges")
    assert lines[-1] == (
        "synthesize: nobody runs it; not done yet: 7 of netpol.workload-windows (nothing done of 1 partition)"
    )


@pytest.mark.parametrize(("form", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_a_document_for_programs(pipeline, command, form, read):
    """Only of the namespaces that are asked for."""
    document = read(command("status", "-o", form, "--namespaces", "shop,elsewhere").stdout)
    inside = [one for one in MADE if one.workload.namespace == "shop"]
    assert [one["name"] for one in document["workloads"]] == [one.workload.name for one in inside]
    assert document["workloads"][0]["lately"] == {
        "windows": 2,
        "incomplete_windows": 1,
        "incomplete_because": ["node n1: 3 batches were lost"],
        "nodes": ["n1"],
    }
    assert [(group["program"], group["members"]) for group in document["groups"]] == [("stream", 0), ("synthesize", 0)]
    assert document["groups"][1]["topics"][0]["lag"] == 7


def test_windows_are_not_read_if_nobody_wants_them(pipeline, command):
    """Nor are those that were written earlier."""
    document = json.loads(command("status", "-o", "json", "--recent", "0").stdout)
    assert {one["lately"]["windows"] for one in document["workloads"]} == {0}
    document = json.loads(command("status", "-o", "json", "--recent", "0.001").stdout)
    assert {one["lately"]["windows"] for one in document["workloads"]} == {0}


def test_nothing_there_is_said(kafka, command):
    """An empty topic is fine; another cluster's name is mentioned."""
    done = command("status")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "No workload has been seen yet.")


def test_a_group_that_works_is_seen(kafka, command, publish):
    """Its members are counted."""
    publish(*WINDOWS)
    client = consumer(kafka, f"{kafka.topic_prefix}netpol-synthesizer.test")
    client.subscribe([kafka.topic(WORKLOAD_WINDOWS)])
    try:
        assert client.poll(30) is not None
        assert "synthesize: 1 process; not done yet: 8 of" in command("status").stdout
    finally:
        client.close()
