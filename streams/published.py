"""What `netpol.inventory` holds of a cluster already, and what of a set of objects is news."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from schemas.codec import BadRecord
from schemas.errors import Unavailable
from schemas.framing import Reader
from schemas.kafka import KafkaSettings, Message, TopicPartition, consumer, end_offsets
from schemas.records import Heartbeat, InventoryObject, Millis
from schemas.schema_store import SchemaStore
from schemas.topics import INVENTORY

_READ_S: Final = 120.0
_AT_ONCE: Final = 500


def published(settings: KafkaSettings, store: SchemaStore, partitions: int) -> dict[str, InventoryObject]:
    """The cluster's objects in the topic by key; raises Unavailable if it cannot be read to its end in two minutes."""
    read = Reader(InventoryObject, store)
    found: dict[str, InventoryObject] = {}
    for message in _to_end(settings, partitions):
        key, value = message.key(), message.value()
        try:
            item = read(value) if isinstance(value, bytes) else None
        except BadRecord:
            continue  # the stream workers send it to dead letters
        if item is None:
            found.pop(key.decode(errors="replace") if isinstance(key, bytes) else str(key), None)
        elif item.cluster == settings.cluster and not isinstance(item.body, Heartbeat):
            found[item.key] = item
    return found


def news(
    objects: Iterable[InventoryObject], known: Mapping[str, InventoryObject], now: Millis
) -> tuple[InventoryObject, ...]:
    """Objects that differ from what is published, and those no longer there as closed leases."""
    wanted = {item.key: item for item in objects}
    changed = [item for key, item in wanted.items() if known.get(key) != item]
    gone = [replace(item, deleted=now) for key, item in known.items() if key not in wanted and not item.deleted]
    return (*changed, *gone)


def _to_end(settings: KafkaSettings, partitions: int) -> Iterator[Message]:
    topic = settings.topic(INVENTORY)
    client = consumer(settings, "netpol-inventory-unused")
    try:
        ends = end_offsets(client, topic, range(partitions))
        left = {partition: end for partition, (first, end) in ends.items() if end > first}
        client.assign([TopicPartition(topic, partition, ends[partition][0]) for partition in left])
        deadline = time.monotonic() + _READ_S
        while left:
            if time.monotonic() > deadline:
                raise Unavailable(f"{topic} could not be read to its end in {_READ_S:.0f} s")
            for message in client.consume(_AT_ONCE, 0.2):
                if message.error() is None:
                    yield message
                    if (message.offset() or 0) + 1 >= left.get(message.partition() or 0, 1 << 62):
                        left.pop(message.partition() or 0)
    finally:
        client.close()
