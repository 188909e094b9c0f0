"""Reads `netpol.policy-suggestions`, or another topic, to its end as of the start; no group is joined."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from advisor.suggestions.latest import Latest, Suggestions, decoded, latest_of
from schemas.dead_letters import RawRecord, raw_record
from schemas.framing import Reader
from schemas.kafka import KafkaSettings, consumer, end_offsets, offsets_since, require_topics
from schemas.reading import to_end
from schemas.records import Millis, PolicySuggestion, WorkloadRef
from schemas.schema_store import SchemaStore
from schemas.topics import POLICY_SUGGESTIONS, Topic

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
    return latest_of(records_of(kafka, POLICY_SUGGESTIONS, progress), kafka.cluster)


def read_suggestions(kafka: KafkaSettings, latest: Latest, wanted: Callable[[WorkloadRef], bool]) -> Suggestions:
    """The suggestions of the wanted workloads; raises Unavailable if the writers' schemas cannot be looked up."""
    return decoded(latest, Reader(PolicySuggestion, SchemaStore(kafka)), wanted)


def records_of(
    kafka: KafkaSettings,
    topic: Topic,
    progress: Progress = no_progress,
    since: Millis | None = None,
    of: Callable[[int], Iterable[int]] = range,
) -> Iterator[RawRecord]:
    """The records of a topic up to its end as of the start; raises like `read_latest`.

    Args:
        kafka: How to reach Kafka.
        topic: Which.
        progress: Told how far it is.
        since: By Kafka's time of the records; all of them if not given.
        of: Which partitions, given how many there are.
    """
    name = kafka.topic(topic)
    (partitions,) = require_topics(kafka, [topic]).values()
    client = consumer(kafka, GROUP, enable_partition_eof=True)
    try:
        spans = end_offsets(client, name, of(partitions))
        if since is not None:
            begin = offsets_since(client, name, spans, since)
            spans = {number: (begin.get(number, end), end) for number, (_, end) in spans.items()}
        total = sum(end - first for first, end in spans.values())
        for done, message in enumerate(to_end(client, name, spans, PATIENCE_S), 1):
            progress(done, total)
            yield raw_record(message)
    finally:
        client.close()
