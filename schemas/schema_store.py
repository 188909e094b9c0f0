"""Where writers publish their schemas and readers find others': `netpol.schemas`, or a Schema Registry."""

import threading
import time
from collections.abc import Iterable
from typing import Final

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError

from schemas.codec import AvroSchema, BadRecord, codec, parse_schema
from schemas.dead_letters import DeadLetters, raw_record
from schemas.errors import BrokerUnavailable, Unavailable, UsageError
from schemas.framing import Prefix, confluent_prefix, single_object_prefix
from schemas.kafka import (
    KafkaError,
    KafkaSettings,
    Message,
    consumer,
    end_offsets,
    producer,
    require_topics,
)
from schemas.reading import until
from schemas.topics import RECORDS, SCHEMAS, TOPICS

_REFRESH_S: Final = 5.0
_FLUSH_S: Final = 10.0
_READ_S: Final = 10.0


def _registry(url: str) -> SchemaRegistryClient:
    try:
        return SchemaRegistryClient({"url": url})
    except ValueError as error:
        raise UsageError(f"--registry {url}: {error}. Write it as http://HOST:PORT/PATH.") from error


class SchemaStore:
    """All schemas that this program knows or can find; its own are published by `publish`."""

    def __init__(self, settings: KafkaSettings, dead_letters: DeadLetters | None = None) -> None:
        self._settings = settings
        self._dead_letters = dead_letters
        self._lock = threading.Lock()
        own = [codec(record).schema for record in RECORDS]
        self._by_fingerprint: dict[bytes, AvroSchema] = {schema.fingerprint: schema for schema in own}
        self._by_id: dict[int, AvroSchema] = {}
        self._refreshed = float("-inf")
        self._registry = _registry(settings.registry_url) if settings.registry_url else None

    @property
    def prefix(self) -> Prefix:
        """What a writer puts before its payloads, by configuration."""
        return confluent_prefix(self._registered_id) if self._registry else single_object_prefix

    def publish(self, records: Iterable[type]) -> None:
        """Make our schemas of these records known to every reader; raises Unavailable if that fails."""
        wanted = [codec(record).schema for record in records]
        if self._registry is not None:
            names = {topic.record: self._settings.topic(topic) for topic in TOPICS}
            for record in records:
                self._registered_id(names[record], codec(record).schema)
                self._registry.set_compatibility(f"{names[record]}-value", "BACKWARD_TRANSITIVE")
            return
        require_topics(self._settings, [SCHEMAS])
        client = producer(self._settings)
        refused: list[KafkaError] = []
        for schema in wanted:
            client.produce(
                self._settings.topic(SCHEMAS),
                key=schema.fingerprint.hex(),
                value=schema.text,
                on_delivery=lambda error, _message: refused.append(error) if error else None,
            )
        left = client.flush(_FLUSH_S)
        if left or refused:
            why = refused[0].str() if refused else f"no answer in {_FLUSH_S:.0f} s"
            raise BrokerUnavailable(f"Kafka at {self._settings.brokers} did not take our schemas: {why}")

    def close(self) -> None:
        """Let go of the registry's connection; the store still knows what it knew."""
        if self._registry is not None:
            self._registry.close()

    def by_fingerprint(self, fingerprint: bytes) -> AvroSchema:
        """The schema; reads `netpol.schemas` at most every five seconds.

        Raises:
            BadRecord: It is not there.
            Unavailable: The topic could not be read to its end, so nobody knows.
        """
        with self._lock:
            if fingerprint not in self._by_fingerprint and time.monotonic() - self._refreshed > _REFRESH_S:
                self._read_topic()
                self._refreshed = time.monotonic()
            if fingerprint not in self._by_fingerprint:
                raise BadRecord(f"schema fingerprint {fingerprint.hex()} is not in {SCHEMAS.name}")
            return self._by_fingerprint[fingerprint]

    def by_id(self, schema_id: int) -> AvroSchema:
        """The registry's schema; raises BadRecord if there is none."""
        if self._registry is None:
            raise BadRecord(f"schema id {schema_id}, but no Schema Registry is configured")
        with self._lock:
            if schema_id not in self._by_id:
                self._by_id[schema_id] = self._fetch(self._registry, schema_id)
            return self._by_id[schema_id]

    def _fetch(self, registry: SchemaRegistryClient, schema_id: int) -> AvroSchema:
        try:
            text = registry.get_schema(schema_id).schema_str
        except SchemaRegistryError as error:
            raise BadRecord(f"the Schema Registry has no schema {schema_id}: {error}") from error
        return parse_schema(text or "")

    def _registered_id(self, topic: str, schema: AvroSchema) -> int:
        if self._registry is None:
            raise Unavailable("no Schema Registry is configured")
        try:
            return int(self._registry.register_schema(f"{topic}-value", Schema(schema.text, "AVRO")))
        except Exception as error:  # the client lets its HTTP library's errors through
            raise Unavailable(
                f"the Schema Registry at {self._settings.registry_url} did not register {schema.name}: {error}"
            ) from error

    def _read_topic(self) -> None:
        topic = self._settings.topic(SCHEMAS)
        (partitions,) = require_topics(self._settings, [SCHEMAS]).values()
        client = consumer(self._settings, "netpol-schemas-unused")
        try:
            for message in until(client, topic, end_offsets(client, topic, range(partitions)), _READ_S):
                self._take(message)
        finally:
            client.close()
        if self._dead_letters is not None:
            self._dead_letters.flush()

    def _take(self, message: Message) -> None:
        try:
            schema = parse_schema((raw_record(message).value or b"").decode())
        except (BadRecord, UnicodeDecodeError) as error:
            if self._dead_letters is not None:
                self._dead_letters.send(raw_record(message), str(error))
            return
        self._by_fingerprint[schema.fingerprint] = schema
