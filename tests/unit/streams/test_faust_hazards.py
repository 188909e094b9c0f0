"""What of Faust we keep away from, one hazard each, as the application really is."""

import asyncio
import importlib
from importlib.metadata import version

import pytest

from schemas.kafka import KafkaSettings
from schemas.topics import MAX_RECORD_BYTES
from streams.intake import Intake
from streams.worker.app import FaustPort, create_app
from streams.worker.settings import StreamSettings

SETTINGS = StreamSettings(KafkaSettings("one:9092, two:9092", topic_prefix="p."), worker_id="worker-7")


@pytest.fixture
def app(tmp_path):
    """An application that receives two topics, not started."""

    async def made():
        application = create_app(SETTINGS, tmp_path)
        port = FaustPort(application)
        for topic in ("p.a", "p.b"):
            port.receive(topic, Intake())
        return application

    return asyncio.run(made())


def test_the_release_is_the_one_whose_hazards_are_known():
    """0.13.1 and 0.13.2 fail every rebalance; another release has to be read and tried first."""
    assert version("faust-streaming") == "0.15.3"


def test_linger_is_in_seconds(app):
    """At 20, meant as milliseconds, every send would wait up to 20 seconds."""
    assert 0 < app.conf.producer_linger <= 0.1


def test_replicas_have_a_record_before_it_is_acknowledged(app):
    """And it is never sent uncompressed, nor refused for its size before Kafka refuses it."""
    assert app.conf.producer_acks == -1
    assert app.conf.producer_compression_type == "zstd"
    assert app.conf.producer_max_request_size == MAX_RECORD_BYTES


def test_compressed_records_can_be_read():
    """Faust does not need cramjam to start, and dies without it of the first batch that is compressed."""
    assert importlib.import_module("cramjam").zstd


def test_no_web_server_is_opened(app):
    """It would listen on all addresses, show data, and end a second worker on the same machine."""
    assert app.conf.web_enabled is False


def test_there_are_no_tables(app):
    """Their buffers throttle agents (trial), restored keys never expire (385), recovery hangs (176, 597)."""
    assert not app.tables
    assert not app.tables.changelog_topics
    assert app.conf.store.scheme == "memory"


def test_no_topic_is_made_by_faust(app):
    """It would have one replica and no compaction; ours are made from one table."""
    assert app.conf.topic_allow_declare is False
    assert app.conf.topic_disable_leader is True
    assert app.conf.reply_create_topic is False
    assert not any(topic.internal for agent in app.agents.values() for topic in [agent.channel])


def test_at_least_once_and_no_transactions(app):
    """Its exactly-once crashes, doubles and loses (323, 47); ours is by (node, boot, sequence)."""
    assert app.conf.processing_guarantee.name == "AT_LEAST_ONCE"
    assert not app.in_transaction


def test_one_agent_reads_a_topic_in_order(app):
    """With more, a later record could be acknowledged first (606)."""
    assert [agent.concurrency for agent in app.agents.values()] == [1, 1]


def test_faust_acknowledges_nothing_of_ours(app):
    """It acknowledges records whose agent raised (315, 189, 527), and then commits them."""
    assert [agent.channel.acks for agent in app.agents.values()] == [False, False]


def test_records_come_as_bytes(app):
    """Its codecs would drop what they cannot decode, before anybody has counted it."""
    for agent in app.agents.values():
        assert (agent.channel.key_serializer, agent.channel.value_serializer) == ("raw", "raw")
        assert agent.channel.allow_empty


def test_a_worker_keeps_its_name_and_the_group_that_of_the_topics(app):
    """Static membership: a restart within the session is no rebalance (502, 629, 523 are of rebalances)."""
    assert app.conf.consumer_group_instance_id == "worker-7"
    assert app.conf.id == "p.netpol-stream"


def test_a_full_buffer_never_blocks_the_other_topic(app):
    """Faust stops fetching a partition when its queue is rather full; one more poll must still find room."""
    queue = next(iter(app.agents.values())).channel.queue
    assert queue.pressure_high_size + app.conf.broker_max_poll_records <= queue.maxsize


def test_what_is_fetched_ahead_is_bounded(app):
    """In records by the buffer, in bytes by the fetch of each partition, whatever is in Kafka."""
    assert app.conf.stream_buffer_maxsize <= 100
    assert app.conf.consumer_max_fetch_size <= MAX_RECORD_BYTES


def test_every_broker_is_tried(app):
    assert [url.host for url in app.conf.broker] == ["one", "two"]
