"""Records `trace.jsonl` anew: `python -m advisor.demo.record`, as root, after the shop has changed."""

import json
import logging
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from advisor.demo import pods
from advisor.demo.cluster import GATEWAY, Cluster, place
from advisor.demo.manifest import load
from advisor.demo.network import network
from advisor.demo.pipeline import pipeline
from advisor.demo.trace import TRACE
from advisor.kafka_server import KafkaServer
from collector.recorded import raw_line
from schemas.framing import Reader
from schemas.kafka import KafkaSettings, TopicPartition, consumer, require_topics
from schemas.records import ConnectionBatch
from schemas.topics import CONNECTIONS

LOG: Final = logging.getLogger(__name__)
_TRAFFIC_S: Final = 35.0
_INTERVAL_S: Final = 10
_QUIET_S: Final = 5.0


def record() -> list[ConnectionBatch]:
    """What the collector publishes of the shop in the time of three and a half reports."""
    cluster = place(load())
    with (
        tempfile.TemporaryDirectory() as work,
        network(cluster),
        KafkaServer.start() as kafka,
        pipeline(kafka.brokers, Path(work)) as programs,
    ):
        programs.create_topics()
        programs.start_collector(_INTERVAL_S)
        programs.ready()
        with pods.running(pods.actors(cluster), Path(work) / "pods"):
            time.sleep(_TRAFFIC_S)
        programs.stop_collector()
        return list(_published(KafkaSettings(kafka.brokers)))


def lines(batches: Iterable[ConnectionBatch], cluster: Cluster) -> Iterator[str]:
    """Raw lines of what a node of this cluster would see: its pods' sockets and its own, not the client's outside."""
    known = {pod.address.packed for pod in cluster.pods} | {GATEWAY.packed}
    for batch in batches:
        for row in batch.rows():
            if row.local_address in known:
                yield json.dumps(raw_line(batch.node, row), separators=(",", ":"))


def _published(settings: KafkaSettings) -> Iterator[ConnectionBatch]:
    (partitions,) = require_topics(settings, [CONNECTIONS]).values()
    client, read = consumer(settings, "record"), Reader(ConnectionBatch)
    client.assign([TopicPartition(settings.topic(CONNECTIONS), number, 0) for number in range(partitions)])
    try:
        while (message := client.poll(_QUIET_S)) is not None:
            yield read(message.value() or b"")
    finally:
        client.close()


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    text = "".join(f"{line}\n" for line in lines(record(), place(load())))
    TRACE.write_text(text)
    LOG.info("%s: %d lines, %d bytes", TRACE.name, text.count("\n"), len(text))
