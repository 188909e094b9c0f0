"""How far the workers are behind, as Kafka tells it: records that are written and not yet done, group by group."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from schemas.errors import Unavailable
from schemas.kafka import (
    KafkaException,
    KafkaSettings,
    admin,
    committed_offsets,
    consumer,
    end_offsets,
    require_topics,
)
from schemas.topics import CONNECTIONS, WORKLOAD_EDGES, WORKLOAD_WINDOWS, Topic
from streams.worker.settings import StreamSettings
from synthesizer.settings import SynthesizerSettings

_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class TopicLag:
    """Where a group stands in a topic.

    Attributes:
        topic: Its name in the table of topics.
        records: Written and not done, of all partitions together.
        untouched: Partitions that hold records of which none was ever done.
    """

    topic: str
    records: int
    untouched: int


@dataclass(frozen=True, slots=True)
class GroupLag:
    """Where a group stands.

    Attributes:
        program: The command whose group it is.
        group: Its full name.
        members: Processes that are in it now.
        topics: What it reads.
    """

    program: str
    group: str
    members: int
    topics: tuple[TopicLag, ...]


def read_lags(kafka: KafkaSettings) -> tuple[GroupLag, ...]:
    """The groups of `stream`, and of this cluster's `synthesize`; raises Unavailable if Kafka does not tell."""
    stream, synthesizer = StreamSettings(kafka).group, SynthesizerSettings(kafka).consumer_group
    members = _members(kafka, (stream, synthesizer))
    return (
        GroupLag("stream", stream, members[stream], _topics(kafka, stream, (CONNECTIONS, WORKLOAD_EDGES))),
        GroupLag("synthesize", synthesizer, members[synthesizer], _topics(kafka, synthesizer, (WORKLOAD_WINDOWS,))),
    )


def lag_of(topic: str, ends: dict[int, tuple[int, int]], committed: dict[int, int]) -> TopicLag:
    """From the first and next offset, and the committed one, of each partition."""
    behind = {number: max(0, end - max(first, committed.get(number, first))) for number, (first, end) in ends.items()}
    untouched = sum(1 for number, records in behind.items() if records and number not in committed)
    return TopicLag(topic, sum(behind.values()), untouched)


def _topics(kafka: KafkaSettings, group: str, topics: Iterable[Topic]) -> tuple[TopicLag, ...]:
    client, wanted = consumer(kafka, group), tuple(topics)
    try:
        counts = require_topics(kafka, wanted)
        return tuple(
            lag_of(
                topic.name,
                end_offsets(client, kafka.topic(topic), range(counts[kafka.topic(topic)])),
                committed_offsets(client, kafka.topic(topic), range(counts[kafka.topic(topic)])),
            )
            for topic in wanted
        )
    finally:
        client.close()


def _members(kafka: KafkaSettings, groups: Iterable[str]) -> dict[str, int]:
    client = admin(kafka)  # the answers come as long as it is there
    asked = client.describe_consumer_groups(list(groups), request_timeout=_TIMEOUT_S)
    try:
        return {group: len(told.result(2 * _TIMEOUT_S).members) for group, told in asked.items()}
    except KafkaException as error:
        raise Unavailable(f"Kafka does not tell who is in {', '.join(asked)}: {error.args[0].str()}") from error
