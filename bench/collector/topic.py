"""What came out of `netpol.connections`: how many of the generator's connections, in how many bytes, and the ledger."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from confluent_kafka.admin import ConfigResource, ResourceType

from bench.collector.segments import Stored, stored_in
from schemas.errors import Unavailable
from schemas.framing import Reader
from schemas.kafka import KafkaException, KafkaSettings, TopicPartition, admin, consumer, end_offsets
from schemas.records import ConnectionBatch, Role
from schemas.records.connections import PROTOCOLS, ROLES
from schemas.topics import CONNECTIONS

_TIMEOUT_S: Final = 20.0
_BROKER: Final = "1"
"""The embedded server's node.id."""
_OURS: Final = (b"\x0a\xc9", b"\x0a\xca")
"""10.201.0.0/16 and 10.202.0.0/16: what the generator makes; a scan of sockets may report others."""
NOT_CONNECTIONS: Final = frozenset({"clock_step", "pod_failed", "scan_failed"})
"""Stages of the ledger that count something else than connections."""


@dataclass(frozen=True, slots=True)
class Reported:
    """One record batch of Kafka.

    Attributes:
        rows: Edges in it.
        size: Bytes that Kafka keeps for it.
    """

    rows: int
    size: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What one life of a collector published.

    Attributes:
        counts: Connections established, by protocol and role.
        losses: The ledger as the last batch has it.
        batches: In order.
        gap: Sequence numbers that are missing.
    """

    counts: Mapping[tuple[str, Role], int]
    losses: Mapping[str, int]
    batches: tuple[Reported, ...]
    gap: int

    @property
    def rows(self) -> int:
        """Edges reported, each as often as it was."""
        return sum(batch.rows for batch in self.batches)

    @property
    def size(self) -> int:
        """Bytes that Kafka keeps."""
        return sum(batch.size for batch in self.batches)

    @property
    def lost(self) -> int:
        """Connections that the ledger counts as lost."""
        return sum(count for stage, count in self.losses.items() if stage not in NOT_CONNECTIONS)


class Topic:
    """The topic of connections, with one partition, of a server on this machine."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._name = kafka.topic(CONNECTIONS)
        self._partition = _log_directory(kafka) / f"{self._name}-0"

    def end(self) -> int:
        """The next offset."""
        client = consumer(self._kafka, "bench")
        try:
            return end_offsets(client, self._name, [0])[0][1]
        finally:
            client.close()

    def since(self, start: int) -> Seen:
        """Everything from an offset to the end."""
        batches = self._read(start, self.end())
        return seen(batches, [one for one in stored_in(self._partition) if one.first >= start])

    def _read(self, start: int, end: int) -> dict[int, ConnectionBatch]:
        found: dict[int, ConnectionBatch] = {}
        read, client = Reader(ConnectionBatch), consumer(self._kafka, "bench")
        try:
            client.assign([TopicPartition(self._name, 0, start)])
            while start + len(found) < end:
                message = client.poll(_TIMEOUT_S)
                if message is None or message.error() is not None:
                    raise Unavailable(f"Kafka does not give back {self._name}: {message and message.error()}")
                found[int(message.offset() or 0)] = read(message.value() or b"")
        finally:
            client.close()
        return found


def _log_directory(kafka: KafkaSettings) -> Path:
    client = admin(kafka)  # kept: an answer is lost when its client is
    (answer,) = client.describe_configs([ConfigResource(ResourceType.BROKER, _BROKER)]).values()
    try:
        return Path(answer.result(_TIMEOUT_S)["log.dirs"].value)
    except KafkaException as error:
        raise Unavailable(f"Kafka does not say where its log is: {error.args[0].str()}") from error


def seen(batches: Mapping[int, ConnectionBatch], kept: Iterable[Stored]) -> Seen:
    """What batches, by offset, and the sizes in which Kafka keeps them come to."""
    counts: Counter[tuple[str, Role]] = Counter()
    for batch in batches.values():
        counts.update(_counts(batch))
    last = max(batches.values(), key=lambda batch: batch.sequence, default=None)
    reported = tuple(
        Reported(sum(len(batches[offset].connections) for offset in range(one.first, one.last + 1)), one.size)
        for one in kept
    )
    gap = 0 if last is None else last.sequence + 1 - len({batch.sequence for batch in batches.values()})
    return Seen(dict(counts), {} if last is None else dict(last.losses), reported, gap)


def _counts(batch: ConnectionBatch) -> Counter[tuple[str, Role]]:
    columns = batch.connections
    ours = [address[:2] in _OURS for address in columns.addresses]
    found: Counter[tuple[int, int]] = Counter()
    rows = zip(columns.protocols, columns.roles, columns.established, columns.local, columns.counts, strict=True)
    for protocol, role, established, local, count in rows:
        if established and ours[local]:
            found[protocol, role] += count
    return Counter({(PROTOCOLS[protocol].value, ROLES[role]): count for (protocol, role), count in found.items()})
