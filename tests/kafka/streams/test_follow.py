"""`follow`: objects from files to the compacted topic."""

import pytest
import yaml
from programs import records, wait_until

from schemas.records import Heartbeat, PodBody
from schemas.topics import INVENTORY

pytestmark = pytest.mark.kafka


def published(kafka):
    found = records(kafka, INVENTORY)
    return [item for item in found if not isinstance(item.body, Heartbeat)]


def follow_once(run, objects):
    assert run.start("follow", "--objects", objects, "--once", ready=False).wait(30) == 0


def test_only_changes_are_published_again(kafka, run, objects):
    follow_once(run, objects)
    first = published(kafka)
    follow_once(run, objects)
    assert published(kafka) == first
    assert sum(isinstance(item.body, PodBody) for item in first) == 3


def test_an_object_that_is_gone_is_a_closed_lease(kafka, run, objects):
    follow_once(run, objects)
    documents = list(yaml.safe_load_all(objects.read_text()))
    objects.write_text(yaml.safe_dump_all(documents[1:]))
    follow_once(run, objects)
    gone = [item for item in published(kafka) if item.deleted]
    assert [(item.name, item.body.ips) for item in gone] == [("client", ("10.1.0.1",))]


def test_a_heartbeat_goes_to_every_partition(kafka, run, objects):
    """So that it says of each that everything before it is there."""
    follow_once(run, objects)
    beats = [item for item in records(kafka, INVENTORY) if isinstance(item.body, Heartbeat)]
    assert sorted(item.name for item in beats) == ["0", "1"]


@pytest.mark.slow
def test_follow_beats_until_it_is_told_to_end(kafka, run, objects):
    child = run.start("follow", "--objects", objects, "--heartbeat", 1)

    def beats():
        return [item for item in records(kafka, INVENTORY, 0.3) if isinstance(item.body, Heartbeat)]

    wait_until(lambda: len(beats()) >= 6, 30, "three heartbeats for each partition")
    assert child.stop() == 0
