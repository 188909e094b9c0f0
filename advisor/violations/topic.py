"""Reads `netpol.policy-violations` from a time on to its end as of the start; no group is joined."""

from collections.abc import Iterator

from advisor.suggestions.topic import records_of
from schemas.codec import BadRecord
from schemas.framing import Reader
from schemas.kafka import KafkaSettings
from schemas.records import Millis, PolicyViolation
from schemas.schema_store import SchemaStore
from schemas.topics import POLICY_VIOLATIONS


def read_violations(kafka: KafkaSettings, since: Millis) -> Iterator[PolicyViolation | str]:
    """Records of the cluster that were written since, in the order of each partition, and why others cannot be read.

    Raises:
        BrokerUnavailable: No broker answers.
        TopicMissing: The topic does not exist.
        Unavailable: It does not come to its end.
    """
    read = Reader(PolicyViolation, SchemaStore(kafka))
    for raw in records_of(kafka, POLICY_VIOLATIONS, since=since):
        try:
            record = read(raw.value or b"")
        except BadRecord as error:
            yield f"partition {raw.partition} offset {raw.offset}: {error}"
            continue
        if record.cluster == kafka.cluster:
            yield record
