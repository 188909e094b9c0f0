"""Reads `netpol.policy-suggestions` from its first record to its end as of the start."""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from advisor.suggestions.latest import Latest, Suggestions, decoded, latest_of
from schemas.dead_letters import RawRecord, raw_record
from schemas.framing import Reader
from schemas.kafka import KafkaSettings, consumer, end_offsets, require_topics
from schemas.reading import to_end
from schemas.records import PolicySuggestion, WorkloadRef
from schemas.schema_store import SchemaStore
from schemas.topics import POLICY_SUGGESTIONS

PATIENCE_S: Final = 30.0
GROUP: Final = "netpol-reader-unused"
"""Kafka's client wants a name; nobody joins it."""

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many records of how many have been read."""


def no_progress(_done: int, _total: int) -> None:
    """Tells nobody."""


def read_latest(kafka: KafkaSettings, progress: Progress = no_progress) -> Latest:
    """The latest record of each workload of the settings' cluster.

    Raises:
        BrokerUnavailable: No broker answers.
        TopicMissing: The topic does not exist.
        Unavailable: It does not come to its end.
    """
    return latest_of(_records(kafka, progress), kafka.cluster)


def read_suggestions(kafka: KafkaSettings, latest: Latest, wanted: Callable[[WorkloadRef], bool]) -> Suggestions:
    """The suggestions of the wanted workloads; raises Unavailable if the writers' schemas cannot be looked up."""
    return decoded(latest, Reader(PolicySuggestion, SchemaStore(kafka)), wanted)


def _records(kafka: KafkaSettings, progress: Progress) -> Iterator[RawRecord]:
    topic = kafka.topic(POLICY_SUGGESTIONS)
    (partitions,) = require_topics(kafka, [POLICY_SUGGESTIONS]).values()
    client = consumer(kafka, GROUP, enable_partition_eof=True)
    try:
        spans = end_offsets(client, topic, range(partitions))
        total = sum(end - first for first, end in spans.values())
        for done, message in enumerate(to_end(client, topic, spans, PATIENCE_S), 1):
            progress(done, total)
            yield raw_record(message)
    finally:
        client.close()
