"""The node agent: counts in the kernel, drains every interval, publishes what is new of each drain."""

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from collector import leftovers
from collector.batch import Boot, batches_of, merged
from collector.drain import Drained
from collector.features import available
from collector.layout import NS_PER_MS
from collector.metrics import CollectorMetrics
from collector.opening import Opening, announce
from collector.publish import Publisher, Way, batch_producer
from collector.repetition import Repetition
from collector.settings import CollectorSettings
from collector.spool import Spool
from collector.watch import Watch, WatchSettings, began, watched
from schemas.errors import Unavailable
from schemas.health import serving
from schemas.kafka import KafkaSettings
from schemas.schema_store import SchemaStore
from schemas.stopping import stop_event
from schemas.topics import CONNECTIONS

LOG: Final = logging.getLogger(__name__)
_POLL_S: Final = 0.2


def run(settings: CollectorSettings) -> None:
    """Collect until SIGTERM or SIGINT.

    Raises:
        UsageError: The cgroup, the spool directory or the metrics' address cannot be used.
        KernelUnavailable: The kernel or a privilege lacks what is needed.
        Unavailable: Kafka refuses us, has no topic, or did not take the last batches at the end.
    """
    features = available(settings.without)
    cgroup = features.require(settings.cgroup)
    for line in (*features.off(), *leftovers.clear(cgroup)):
        LOG.warning(line)
    metrics, look = (
        CollectorMetrics(settings.interval_s),
        WatchSettings(cgroup, features, settings.sizes, settings.scan_s),
    )
    with stop_event() as stop, serving(settings.metrics, metrics.probes), opening(settings) as publisher:
        with watched(look) as watch:
            metrics.attached(features.flags())
            LOG.info("collect ready: node %s, cgroup %s, every %g s", settings.node, cgroup, settings.interval_s)
            Reports(settings, watch, publisher, metrics).until(stop)
        metrics.detached()
        finish(publisher, settings.flush_s)


@contextmanager
def opening(settings: CollectorSettings) -> Iterator[Publisher]:
    """A publisher that keeps batches until Kafka has a topic for them and knows their schema.

    Raises:
        UsageError: The spool directory cannot be used.
        Unavailable: A Schema Registry is wanted and away, or another collector has the spool directory.
    """
    kafka, spool = settings.kafka, Spool(settings.spool)
    store = SchemaStore(kafka)
    is_open = Opening(lambda: announce(kafka, store))
    try:
        yield Publisher(replace(way_of(kafka, store), is_open=is_open), spool)
    finally:
        is_open.stop()


def way_of(kafka: KafkaSettings, store: SchemaStore) -> Way:
    """The way to `netpol.connections`; a publisher raises Unavailable if a Schema Registry is wanted and away."""
    return Way(lambda: batch_producer(kafka), kafka.topic(CONNECTIONS), store.prefix)


def finish(publisher: Publisher, flush_s: float) -> None:
    """Wait for the last acknowledgements; raises Unavailable if some never come."""
    left = publisher.close(flush_s)
    if left:
        raise Unavailable(f"Kafka did not take the last {left} batches within {flush_s:g} s; they are lost")


class Reports:
    """One boot's reports: what the node shows, without repetition, in numbered batches."""

    def __init__(
        self, settings: CollectorSettings, watch: Watch, publisher: Publisher, metrics: CollectorMetrics
    ) -> None:
        self._settings, self._watch, self._publisher, self._metrics = settings, watch, publisher, metrics
        self._boot = Boot(settings.kafka.cluster, settings.node, str(uuid.uuid4()), settings.batch_rows)
        self._progress = began()
        self._repetition = Repetition(round(settings.repeat_s * 1000), settings.map_entries)

    def until(self, stop: threading.Event) -> None:
        """Report after each interval, and a last time when told to stop."""
        for _ in self._intervals(stop):
            self._report(self._drained(last=stop.is_set()))
        LOG.info("collect ends after %d batches", self._progress.sequence)

    def _intervals(self, stop: threading.Event) -> Iterator[None]:
        interval_s, due = self._settings.interval_s, time.monotonic() + self._settings.interval_s
        self._turn()
        while not stop.wait(min(_POLL_S, max(due - time.monotonic(), 0))):
            self._turn()
            if time.monotonic() >= due:
                yield
                due = max(due + interval_s, time.monotonic())
        yield

    def _turn(self) -> None:
        """What goes on between reports: acknowledgements, new pods, scans."""
        self._publisher.poll()
        self._metrics.publisher(self._publisher.state)
        scan = self._watch.turn(time.monotonic())
        if scan is not None:
            self._metrics.scanned(scan.seconds, scan.failed)
        if self._watch.pods is not None:
            self._metrics.pods(self._watch.pods.counts.live)

    def _drained(self, *, last: bool) -> Drained:
        """What is to be told now; at the end, all of it."""
        if last:
            self._watch.end()
        began = time.monotonic()
        drained = self._watch.drain(began)
        self._metrics.drained(time.monotonic() - began, len(drained.rows) / self._settings.map_entries)
        due = self._repetition.due(drained.rows, drained.utc_ns // NS_PER_MS)
        return replace(drained, rows=(*due, *self._repetition.rest()) if last else due)

    def _report(self, drained: Drained) -> None:
        losses = merged(self._watch.losses, self._publisher.losses)
        batches, self._progress = batches_of(self._boot, self._progress, drained, losses, self._watch.pod_uid)
        delivered = self._repetition.acknowledgement(len(batches))
        for batch in (replace(batch, held=self._repetition.held) for batch in batches):
            self._publisher.publish(batch, delivered)
            self._metrics.made(batch)
        LOG.debug("published %d edges", sum(len(batch.connections) for batch in batches))
