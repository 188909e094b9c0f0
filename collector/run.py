"""The node agent: counts in the kernel, drains every interval, publishes each drain."""

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Final

from collector import doctor
from collector.batch import Boot, Progress, batches_of
from collector.drain import EdgeSource, counted
from collector.probe import edges_spec
from collector.publish import Publisher, batch_producer
from collector.settings import CollectorSettings
from collector.spool import Spool, SpoolLimits
from schemas.errors import Unavailable
from schemas.kafka import KafkaSettings, require_topics
from schemas.records import ConnectionBatch
from schemas.schema_store import SchemaStore
from schemas.stopping import stop_event
from schemas.topics import CONNECTIONS

LOG: Final = logging.getLogger(__name__)
_POLL_S: Final = 0.2


def run(settings: CollectorSettings) -> None:
    """Collect until SIGTERM or SIGINT.

    Raises:
        KernelUnavailable: The kernel or a privilege lacks what is needed.
        Unavailable: Kafka or a topic is missing at the start, or did not take the last batches at the end.
    """
    cgroup = doctor.require(doctor.checks(), settings.cgroup)
    publisher = open_publisher(settings.kafka, settings.spool)
    with stop_event() as stop, counted(edges_spec(settings.map_entries), cgroup) as source:
        LOG.info("collect ready: node %s, cgroup %s, every %g s", settings.node, cgroup, settings.interval_s)
        _collect(settings, source, publisher, stop)
    finish(publisher, settings.flush_s)


def open_publisher(kafka: KafkaSettings, limits: SpoolLimits) -> Publisher:
    """A publisher whose topic exists and whose schema is published.

    Raises:
        UsageError: The spool directory cannot be used.
        Unavailable: Kafka or a topic is missing, or another collector has the spool directory.
    """
    spool = Spool(limits)
    require_topics(kafka, [CONNECTIONS])
    store = SchemaStore(kafka)
    store.publish([ConnectionBatch])
    return Publisher(lambda: batch_producer(kafka), kafka.topic(CONNECTIONS), store.prefix, spool)


def finish(publisher: Publisher, flush_s: float) -> None:
    """Wait for the last acknowledgements; raises Unavailable if some never come."""
    left = publisher.close(flush_s)
    if left:
        raise Unavailable(f"Kafka did not take the last {left} batches within {flush_s:g} s; they are lost")


def _collect(settings: CollectorSettings, source: EdgeSource, publisher: Publisher, stop: threading.Event) -> None:
    boot = Boot(settings.kafka.cluster, settings.node, str(uuid.uuid4()), settings.batch_rows)
    progress = Progress(interval_start=time.time_ns() // 1_000_000)
    for _ in _intervals(settings.interval_s, stop, publisher):
        batches, progress = batches_of(boot, progress, source.drain(), publisher.losses)
        for batch in batches:
            publisher.publish(batch)
        LOG.debug("published %d edges", sum(len(batch.connections) for batch in batches))
    LOG.info("collect ends after %d batches", progress.sequence)


def _intervals(interval_s: float, stop: threading.Event, publisher: Publisher) -> Iterator[None]:
    """Yields after each interval, and a last time when told to stop; takes acknowledgements meanwhile."""
    due = time.monotonic() + interval_s
    while not stop.wait(min(_POLL_S, max(due - time.monotonic(), 0))):
        publisher.poll()
        if time.monotonic() >= due:
            yield
            due = max(due + interval_s, time.monotonic())
    yield
