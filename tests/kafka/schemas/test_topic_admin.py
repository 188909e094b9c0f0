"""`network-policy topics` on the real Kafka: creates, checks, and says what differs."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka.admin import NewPartitions

from schemas.errors import TopicMissing
from schemas.kafka import KafkaSettings, admin, require_topics
from schemas.topic_admin import Layout, check_topics, create_topics
from schemas.topics import TOPICS, WORKLOAD_EDGES

pytestmark = pytest.mark.kafka
COMMAND = str(Path(sys.executable).with_name("network-policy"))


def topics(kafka, *more):
    """Run the command as a user would."""
    command = [COMMAND, "topics", "--brokers", kafka.brokers, "--topic-prefix", kafka.topic_prefix, *more]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_created_topics_are_as_the_table_says(kafka):
    """The fixture created them; the check finds no difference."""
    states = check_topics(kafka)
    assert [state.name for state in states] == [kafka.topic(topic) for topic in TOPICS]
    assert [state.differences for state in states] == [()] * len(TOPICS)


def test_creating_again_changes_nothing(kafka):
    """A second run over the first."""
    before = check_topics(kafka)
    assert create_topics(kafka, Layout(partitions=9)) == before


def test_a_different_number_of_partitions_is_a_difference(kafka):
    """By-workload topics must agree, or a workload would be in two places."""
    other = dataclasses.replace(kafka, topic_prefix=kafka.topic_prefix + "uneven.")
    create_topics(other, Layout(partitions=2))
    client = admin(other)
    for future in client.create_partitions([NewPartitions(other.topic(WORKLOAD_EDGES), 3)]).values():
        future.result(10)
    differing = {state.name for state in check_topics(other) if state.differences}
    assert differing == {other.topic(topic) for topic in TOPICS if topic.by_workload}


def test_the_command_creates_and_checks(kafka):
    """Exit 3 while topics are missing, 0 once they are there."""
    fresh = dataclasses.replace(kafka, topic_prefix=kafka.topic_prefix + "cli.")
    missing = topics(fresh, "--check")
    assert (missing.returncode, "no topic" in missing.stderr) == (3, True)
    created = topics(fresh, "--partitions", "3")
    assert (created.returncode, created.stdout.count("created")) == (0, len(TOPICS))
    assert topics(fresh, "--check").returncode == 0


def test_an_unreachable_broker_is_a_clear_error():
    """Exit code 3, the address, and what to look at."""
    answer = topics(KafkaSettings("127.0.0.1:1"))
    assert answer.returncode == 3
    assert re.search(r"no Kafka broker answers at 127\.0\.0\.1:1 .*--brokers", answer.stderr)


def test_a_missing_topic_is_a_clear_error(kafka):
    """It names the topic and the command that creates it."""
    empty = dataclasses.replace(kafka, topic_prefix="absent.")
    with pytest.raises(TopicMissing, match=r"absent\.netpol\.workload-edges.*network-policy topics"):
        require_topics(empty, [WORKLOAD_EDGES])


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["-X", "nonsense"], "-X: write NAME=VALUE"),
        (["-X", "foo=bar"], 'property: "foo"'),
        (["--registry", "zz"], "--registry zz"),
        (["--partitions", "1000000"], "--partitions"),
    ],
)
def test_a_bad_option_is_a_usage_error(kafka, options, named):
    """Exit code 2 and the option's name, never a traceback."""
    wrong = topics(kafka, *options)
    assert (wrong.returncode, named in wrong.stderr, "Traceback" in wrong.stderr) == (2, True, False), wrong.stderr
