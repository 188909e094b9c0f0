"""Reads the inventory or the windows from their first record to their end as of the start; nothing is committed."""

import logging
from collections.abc import Iterator

from advisor.policies.observed import Gathering, Observations
from advisor.suggestions.progress import reading_bar
from advisor.suggestions.topic import records_of
from schemas.codec import BadRecord
from schemas.dead_letters import RawRecord
from schemas.framing import Reader
from schemas.kafka import KafkaSettings
from schemas.records import Heartbeat, InventoryObject, WorkloadWindow
from schemas.schema_store import SchemaStore
from schemas.topics import INVENTORY, WORKLOAD_WINDOWS, Topic

_log = logging.getLogger(__name__)


def inventory_of(kafka: KafkaSettings) -> tuple[InventoryObject, ...]:
    """The objects of the settings' cluster; records that cannot be read are left out, and said.

    Raises:
        BrokerUnavailable: No broker answers.
        TopicMissing: The topic does not exist.
        Unavailable: It does not come to its end.
    """
    read = Reader(InventoryObject, SchemaStore(kafka))
    found: dict[bytes, InventoryObject] = {}
    unreadable = 0
    for record in _records(kafka, INVENTORY, "reading the inventory"):
        key = record.key or b""
        if record.value is None:
            found.pop(key, None)
            continue
        try:
            item = read(record.value)
        except BadRecord:
            unreadable += 1
            continue
        if item.cluster == kafka.cluster and not isinstance(item.body, Heartbeat):
            found[key] = item
    if unreadable:
        _log.warning("%s: %d records cannot be read and are left out", INVENTORY.name, unreadable)
    return tuple(found[key] for key in sorted(found))


def windows_of(kafka: KafkaSettings) -> Observations:
    """What all windows of the settings' cluster tell that the topic keeps; raises the same."""
    read, gathering = Reader(WorkloadWindow, SchemaStore(kafka)), Gathering()
    for record in _records(kafka, WORKLOAD_WINDOWS, "reading windows"):
        try:
            window = read(record.value or b"")
        except BadRecord:
            gathering.unusable += 1
            continue
        if window.cluster == kafka.cluster:
            gathering.take(window)
    return gathering.observations()


def _records(kafka: KafkaSettings, topic: Topic, what: str) -> Iterator[RawRecord]:
    with reading_bar(what) as progress:
        yield from records_of(kafka, topic, progress)
