"""All of a topic, to the end that it has now: for tests that may miss nothing."""

from collections.abc import Iterator

from schemas.codec import BadRecord
from schemas.framing import Reader
from schemas.kafka import (
    KafkaSettings,
    Message,
    TopicPartition,
    committed_offsets,
    consumer,
    end_offsets,
    require_topics,
)
from schemas.topics import Topic


def messages(kafka: KafkaSettings, topic: Topic) -> Iterator[Message]:
    """Every message up to the end; each partition's in order."""
    (partitions,) = require_topics(kafka, [topic]).values()
    client = consumer(kafka, "test-reader")
    try:
        ends = end_offsets(client, kafka.topic(topic), range(partitions))
        left = {number: end for number, (first, end) in ends.items() if end > first}
        client.assign([TopicPartition(kafka.topic(topic), number, ends[number][0]) for number in left])
        while left:
            message = client.poll(30)
            assert message is not None, f"{topic.name} ends before its end"
            assert message.error() is None, message.error()
            if message.offset() < ends[message.partition()][1]:
                yield message
            if message.offset() + 1 >= ends[message.partition()][1]:
                left.pop(message.partition(), None)
    finally:
        client.close()


def whole(kafka: KafkaSettings, topic: Topic) -> list:
    """Every record up to the end, each partition's in order; what cannot be read is somebody's dead letter."""
    return [record for _, record in placed(kafka, topic)]


def placed(kafka: KafkaSettings, topic: Topic) -> list[tuple[int, object]]:
    """The same with their partitions."""
    read, found = Reader(topic.record), []
    for message in messages(kafka, topic):
        try:
            found.append((message.partition(), read(message.value() or b"")))
        except BadRecord:
            continue
    return found


def backlog(kafka: KafkaSettings, topic: Topic, group: str) -> int:
    """How many records of a topic a group has yet to commit."""
    (partitions,) = require_topics(kafka, [topic]).values()
    client = consumer(kafka, group)
    try:
        ends = end_offsets(client, kafka.topic(topic), range(partitions))
        committed = committed_offsets(client, kafka.topic(topic), ends)
    finally:
        client.close()
    return sum(end - committed.get(number, 0) for number, (_, end) in ends.items())
