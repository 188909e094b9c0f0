"""The end of partitions of `netpol.policy-violations`, as far back as windows may still change: what was told."""

from collections.abc import Iterator, Sequence
from typing import Final

from schemas.framing import Reader, WriterSchemas
from schemas.kafka import KafkaSettings, TopicPartition, consumer, end_offsets
from schemas.reading import backwards, readable
from schemas.records import PolicyViolation
from schemas.topics import POLICY_VIOLATIONS
from synthesizer.audit.auditor import Told
from synthesizer.evidence import RECENT_MS

_CHUNK: Final = 5_000
_WITHIN_S: Final = 30.0


def stored_violations(settings: KafkaSettings, schemas: WriterSchemas, partitions: Sequence[int]) -> Iterator[Told]:
    """Violations in the order in which they were written; raises Unavailable if Kafka does not give them in 30 s."""
    topic = settings.topic(POLICY_VIOLATIONS)
    client = consumer(settings, f"{settings.topic_prefix}netpol-synthesizer-restore")
    try:
        for partition, (first, end) in sorted(end_offsets(client, topic, partitions).items()):
            read: Reader[PolicyViolation] = Reader(PolicyViolation, schemas)
            chunks: list[tuple[PolicyViolation, ...]] = []
            for messages in backwards(client, TopicPartition(topic, partition, end), first, _CHUNK, _WITHIN_S):
                chunks.append(tuple(readable(messages, read)))
                if _is_far_enough(chunks):
                    break
            ours = (one for chunk in reversed(chunks) for one in chunk if one.cluster == settings.cluster)
            yield from (Told(one, partition) for one in ours)
    finally:
        client.close()


def _is_far_enough(chunks: Sequence[Sequence[PolicyViolation]]) -> bool:
    """Whether the oldest chunk is of windows that can change no more."""
    newest = max((one.start for chunk in chunks for one in chunk), default=0)
    return bool(chunks[-1]) and max(one.start for one in chunks[-1]) < newest - RECENT_MS
