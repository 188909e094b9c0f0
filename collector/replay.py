"""Publishes recorded connections as if they were seen, so that everything behind Kafka can be run on a recording."""

import logging
import threading
from collections.abc import Iterable, Sequence
from typing import Final

from collector.opening import announce
from collector.publish import Publisher
from collector.recorded import BadLine
from collector.recording import batches_of
from collector.run import finish, way_of
from collector.settings import MIB, ReplaySettings
from collector.spool import Spool, SpoolLimits
from schemas.errors import Unavailable, UsageError
from schemas.records import ConnectionBatch
from schemas.schema_store import SchemaStore
from schemas.stopping import stop_event

LOG: Final = logging.getLogger(__name__)
_POLL_S: Final = 0.1


def run(settings: ReplaySettings) -> int:
    """Publish the file; how many of its lines were bad.

    Raises:
        UsageError: The file cannot be read, or none of its lines is a connection.
        Unavailable: Kafka or a topic is missing, or did not take the batches.
    """
    batches, bad = _read(settings)
    publisher = _opened(settings)
    with stop_event() as stop:
        LOG.info("replay ready: %d batches from %s, %d bad lines", len(batches), settings.path, len(bad))
        _publish(batches, publisher, stop)
        finish(publisher, settings.flush_s)
    if publisher.losses:
        raise Unavailable(f"Kafka refused {sum(publisher.losses.values())} connections of {settings.path}")
    LOG.info("replay published %d batches", len(batches))
    return len(bad)


def _opened(settings: ReplaySettings) -> Publisher:
    store = SchemaStore(settings.kafka)
    announce(settings.kafka, store)
    return Publisher(way_of(settings.kafka, store), Spool(SpoolLimits(round(settings.spool_mib * MIB))))


def _read(settings: ReplaySettings) -> tuple[tuple[ConnectionBatch, ...], tuple[BadLine, ...]]:
    bad: list[BadLine] = []
    interval_ms = round(settings.interval_s * 1000)
    try:
        with settings.path.open(encoding="utf-8", errors="replace") as lines:
            found = tuple(batches_of(lines, settings.kafka.cluster, interval_ms, bad.append, settings.batch_rows))
    except OSError as error:
        raise UsageError(f"{settings.path} cannot be read ({error.strerror})") from error
    if not found:
        raise UsageError(f"{settings.path} {_why_nothing(bad)}")
    for line in bad:
        LOG.warning("%s:%d: %s", settings.path, line.number, line.reason)
    return found, tuple(bad)


def _why_nothing(bad: Sequence[BadLine]) -> str:
    if not bad:
        return "holds no connection, it is empty"
    return f"is not raw recorded connections, not one line can be read; line {bad[0].number}: {bad[0].reason}"


def _publish(batches: Iterable[ConnectionBatch], publisher: Publisher, stop: threading.Event) -> None:
    for batch in batches:
        while not publisher.has_room() and not stop.is_set():
            publisher.poll(_POLL_S)
        if stop.is_set():
            LOG.warning("replay stopped before its end")
            return
        publisher.publish(batch)
