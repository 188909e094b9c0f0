"""The Faust application: agents that receive raw bytes, and the way out that commits only what is safe.

Faust fetches, rebalances and sends. It does not commit: its own commit can pass an offset that is still being worked on
(faust issue 606), and it acknowledges records that it skips at a rebalance. So acks are off for our topics, and
`FaustPort.commit` writes an offset once everything that follows from it has been acknowledged by Kafka.
"""

import asyncio
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, Final

import faust
from faust.types import TP

from schemas.dead_letters import RawRecord
from schemas.topics import MAX_RECORD_BYTES
from streams.intake import Arrival, Intake, Output, until
from streams.worker.credentials import Security, security
from streams.worker.progress import Share
from streams.worker.settings import GROUP, StreamSettings

__all__ = ["GROUP", "SESSION_S", "FaustPort", "create_app"]

SESSION_S: Final = 30.0
"""A named worker that is away this long loses its partitions to others; until then it may come back to them."""
_POLLED: Final = 16
_BUFFERED: Final = 80
"""Records between fetch and intake. Faust stops fetching a partition at 4/5 of them, so a poll more never blocks."""
_FETCHED: Final = 1024 * 1024
"""Bytes of a partition in one answer; a larger record comes alone (KIP-74)."""


def create_app(settings: StreamSettings, data: Path) -> Any:
    """The application, inside the safe subset of Faust: raw bytes, no tables, no web, no topics of its own.

    What a table would have kept is in the output itself: docs/decisions/0004-output-is-changelog.md.
    Its assignor gives the partitions of one number to one worker, whatever their topic: more workers than partitions
    stand by.

    Args:
        settings: How to reach Kafka.
        data: An empty folder; Faust wants one even without tables.

    Raises:
        UsageError: A security option is one that Faust cannot follow.
    """
    kafka = settings.kafka
    return faust.App(
        settings.group,
        broker=[f"kafka://{address.strip()}" for address in kafka.brokers.split(",")],
        broker_credentials=_credentials(security(dict(kafka.options))),
        broker_max_poll_records=_POLLED,
        broker_heartbeat_interval=3.0,
        broker_session_timeout=SESSION_S,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.worker_id or None,
        consumer_max_fetch_size=_FETCHED,
        datadir=str(data),
        processing_guarantee="at_least_once",
        producer_acks=-1,
        producer_compression_type="zstd",
        producer_linger=0.02,  # seconds
        producer_max_request_size=MAX_RECORD_BYTES,
        reply_create_topic=False,
        store="memory://",
        stream_buffer_maxsize=_BUFFERED,
        stream_recovery_delay=0.0,
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
    )


def _credentials(known: Security) -> Any:
    if known.mechanism:
        return faust.SASLCredentials(
            username=known.username, password=known.password, mechanism=known.mechanism, ssl_context=known.tls
        )
    return known.tls


class FaustPort:
    """What the worker needs of Faust.

    Args:
        app: From `create_app`.
        on_assigned: Called after each rebalance.
        on_revoked: Called as each rebalance begins.
    """

    def __init__(
        self, app: Any, on_assigned: Callable[[], None] = lambda: None, on_revoked: Callable[[], None] = lambda: None
    ) -> None:
        self._app = app
        self._on_assigned, self._on_revoked = on_assigned, on_revoked
        self._writing = 0
        self._over = -1
        self._shares: frozenset[Share] = frozenset()
        self.assigned = asyncio.Event()
        app.on_partitions_assigned.connect(self._assigned)
        app.on_partitions_revoked.connect(self._revoked)

    def receive(self, topic: str, intake: Intake) -> None:
        """Put every record of the topic into the intake, in order; backpressure goes back to the fetcher."""

        async def pump(stream: Any) -> None:
            events: AsyncIterable[Any] = stream.events()
            async for event in events:
                message = event.message
                raw = RawRecord(message.topic, message.partition, message.offset, message.key, message.value)
                await intake.put(raw, message.generation_id)

        self._app.agent(self._topic(topic), name=topic, concurrency=1)(pump)

    @property
    def generation(self) -> int:
        """The group's generation; grows with each rebalance."""
        return int(self._app.consumer_generation_id)

    def partitions(self, topic: str) -> frozenset[int]:
        """Those of the topic that this worker has in this generation."""
        return frozenset(one.partition for one in self._app.consumer.assignment() if one.topic == topic)

    def shares(self) -> frozenset[Share]:
        """All partitions since the last rebalance, none during one; may be asked from another thread."""
        return self._shares

    async def send(self, outputs: Iterable[Output], generation: int) -> bool:
        """Write records; returns when Kafka has acknowledged all of them, and raises if it does not take one.

        False, and nothing is written, if the partitions may be with another worker since that generation: what it reads
        back must not change behind its back.
        """
        if generation <= self._over or generation != self.generation:
            return False
        self._writing += 1
        try:
            await self._write(outputs)
        finally:
            self._writing -= 1
        return True

    async def commit(self, arrivals: Iterable[Arrival]) -> None:
        """Never see these again; those of an earlier generation are left to whoever has them now."""
        offsets: dict[TP, int] = {}
        for arrival in arrivals:
            if arrival.generation == self.generation:
                offsets[TP(arrival.raw.topic, arrival.raw.partition)] = arrival.raw.offset + 1
        consumer = self._app.consumer
        mine = {partition: offset for partition, offset in offsets.items() if partition in consumer.assignment()}
        if mine:
            await consumer._commit(mine)  # noqa: SLF001  the public commit knows only Faust's own acks

    async def serve(self) -> None:
        """Run until cancelled; raises what made the application crash."""
        await self._app.start()
        await self._app._crashed.wait()  # noqa: SLF001  mode has no public way to wait for a crash
        raise self._app.crash_reason

    async def close(self) -> None:
        """End in an orderly way."""
        await self._app.stop()

    async def _write(self, outputs: Iterable[Output]) -> None:
        futures: list[Awaitable[Any]] = [
            await self._app.producer.send(one.topic, one.key, one.value, one.partition, None, None) for one in outputs
        ]
        if futures:
            await self._app.producer.flush()
            await asyncio.gather(*futures)

    def _topic(self, name: str) -> Any:
        raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
        return self._app.topic(name, internal=False, acks=False, allow_empty=True, **raw)

    async def _assigned(self, *_: object, **__: object) -> None:
        self._shares = frozenset(Share(one.topic, one.partition) for one in self._app.consumer.assignment())
        self.assigned.set()
        self._on_assigned()

    async def _revoked(self, *_: object, **__: object) -> None:
        """The group waits with the next assignment until this returns, so what is being written is written before."""
        self._over = self.generation
        self._shares = frozenset()
        self.assigned.clear()
        self._on_revoked()
        await until(lambda: not self._writing, time.monotonic() + SESSION_S)
