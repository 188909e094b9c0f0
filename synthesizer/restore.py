"""Partitions of `netpol.policy-suggestions` read from their first record to the end of the moment."""

import time
from collections.abc import Iterator, Sequence
from typing import Final

from schemas.dead_letters import RawRecord, raw_record
from schemas.errors import Unavailable
from schemas.kafka import KafkaError, KafkaSettings, TopicPartition, consumer, end_offsets
from schemas.topics import POLICY_SUGGESTIONS

_PATIENCE_S: Final = 30.0
_EOF: Final = KafkaError._PARTITION_EOF  # noqa: SLF001  confluent-kafka's public name for it begins with an underscore


def stored_suggestions(settings: KafkaSettings, partitions: Sequence[int]) -> Iterator[RawRecord]:
    """All records, in the order of each partition; raises Unavailable after 30 s without any progress."""
    topic = settings.topic(POLICY_SUGGESTIONS)
    client = consumer(settings, "netpol-synthesizer-restore", enable_partition_eof=True)
    try:
        ends = end_offsets(client, topic, partitions)
        left = {partition for partition, (first, end) in ends.items() if end > first}
        client.assign([TopicPartition(topic, partition, ends[partition][0]) for partition in sorted(left)])
        deadline = time.monotonic() + _PATIENCE_S
        while left:
            messages = client.consume(1000, timeout=0.2)
            if not messages and time.monotonic() > deadline:
                raise Unavailable(f"{topic} does not come to its end; partitions {sorted(left)} are missing")
            for message in messages:
                error = message.error()
                if error is None:
                    deadline = time.monotonic() + _PATIENCE_S
                    yield raw_record(message)
                elif error.code() == _EOF:
                    left.discard(message.partition() or 0)
    finally:
        client.close()
