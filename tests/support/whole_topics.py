"""All of a topic, to the end that it has now: for tests that may miss nothing."""

from collections.abc import Iterator

from schemas.framing import Reader
from schemas.kafka import KafkaSettings, Message, TopicPartition, consumer, end_offsets, require_topics
from schemas.topics import Topic


def messages(kafka: KafkaSettings, topic: Topic) -> Iterator[Message]:
    """Every message up to the end; each partition's in order."""
    (partitions,) = require_topics(kafka, [topic]).values()
    client = consumer(kafka, "test-reader", enable_partition_eof=False)
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
    """Every record up to the end; each partition's in order."""
    read = Reader(topic.record)
    return [read(message.value()) for message in messages(kafka, topic) if message.value() is not None]
