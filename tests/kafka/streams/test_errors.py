"""What is missing is said in one sentence, with exit code 3."""

import dataclasses
import time
import uuid

import pytest
from programs import programs

from schemas.kafka import KafkaSettings

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("program", ["stream", "follow"])
def test_a_missing_topic_is_named(kafka, objects, tmp_path, program):
    elsewhere = dataclasses.replace(kafka, topic_prefix=f"none{uuid.uuid4().hex[:6]}.")
    options = ["--objects", objects] if program == "follow" else []
    with programs(elsewhere, tmp_path) as started:
        started.unaccounted("there are no topics, so there is nothing to take")
        child = started.start(program, *options, ready=False)
        assert child.wait(30) == 3
    assert f"no topic {elsewhere.topic_prefix}netpol." in child.tail()
    assert "network-policy topics" in child.tail()


@pytest.mark.slow
def test_an_unreachable_broker_is_named(tmp_path):
    """A worker that starts without Kafka does not wait for it: one line within seconds, and a supervisor decides."""
    began = time.monotonic()
    with programs(KafkaSettings("127.0.0.1:9"), tmp_path) as started:
        started.unaccounted("there is no Kafka, so there is nothing to take")
        child = started.start("stream", ready=False)
        assert child.wait(60) == 3
    assert time.monotonic() - began < 25
    assert child.log.read_text().count("\n") == 1
    assert "no Kafka broker answers at 127.0.0.1:9" in child.tail()
