"""Reads `netpol.policy-violations` from a time on to its end as of the start; no group is joined."""

from collections.abc import Iterator
from typing import Final

from schemas.codec import BadRecord
from schemas.errors import Unavailable
from schemas.framing import Reader
from schemas.kafka import Consumer, KafkaException, KafkaSettings, TopicPartition, consumer, end_offsets, require_topics
from schemas.reading import to_end
from schemas.records import Millis, PolicyViolation
from schemas.schema_store import SchemaStore
from schemas.topics import POLICY_VIOLATIONS

_PATIENCE_S: Final = 30.0
_TIMEOUT_S: Final = 10.0


def read_violations(kafka: KafkaSettings, since: Millis) -> Iterator[PolicyViolation | str]:
    """Records of the cluster that were written since, in the order of each partition, and why others cannot be read.

    Raises:
        BrokerUnavailable: No broker answers.
        TopicMissing: The topic does not exist.
        Unavailable: It does not come to its end.
    """
    topic = kafka.topic(POLICY_VIOLATIONS)
    (partitions,) = require_topics(kafka, [POLICY_VIOLATIONS]).values()
    read = Reader(PolicyViolation, SchemaStore(kafka))
    client = consumer(kafka, "netpol-reader-unused", enable_partition_eof=True)
    try:
        ends = end_offsets(client, topic, range(partitions))
        begin = _since(client, topic, ends, since)
        spans = {number: (begin.get(number, end), end) for number, (_, end) in ends.items()}
        for message in to_end(client, topic, spans, _PATIENCE_S):
            value = message.value()
            try:
                record = read(value if isinstance(value, bytes) else b"")
            except BadRecord as error:
                yield f"partition {message.partition()} offset {message.offset()}: {error}"
                continue
            if record.cluster == kafka.cluster:
                yield record
    finally:
        client.close()


def _since(client: Consumer, topic: str, partitions: dict[int, tuple[int, int]], since: Millis) -> dict[int, int]:
    """The first offset of that time or later, of the partitions that have one."""
    try:
        told = client.offsets_for_times([TopicPartition(topic, number, since) for number in partitions], _TIMEOUT_S)
    except KafkaException as error:
        raise Unavailable(f"Kafka does not tell the offsets of {topic}: {error.args[0].str()}") from error
    return {one.partition: one.offset for one in told if one.error is None and one.offset >= 0}
