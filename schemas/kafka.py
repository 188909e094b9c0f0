"""The way to Kafka: connection settings, clients, and clear errors when the broker or a topic is missing.

confluent-kafka enters our programs here and in `schemas.schema_store`; Faust's own is set up in `streams.worker.app`.
"""

import re
import time
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.errors import BrokerRefuses, BrokerUnavailable, TopicMissing, Unavailable, UsageError
from schemas.topics import MAX_RECORD_BYTES, Topic

__all__ = [
    "Consumer", "KafkaError", "KafkaException", "KafkaSettings", "Message", "Producer", "TopicPartition",
    "admin", "committed_offsets", "consumer", "end_offsets", "offsets_since", "producer", "require_topics",
]  # fmt: skip

Configuration: TypeAlias = dict[str, Any]
Client = TypeVar("Client")
Answer = TypeVar("Answer")

_TIMEOUT_S: Final = 10.0
_LOOKS_S: Final = (1.0, 2.0, 7.0)
_REFUSALS: Final = frozenset(
    {
        KafkaError._AUTHENTICATION,  # noqa: SLF001  the library's public name of its local errors begins so
        KafkaError._SSL,  # noqa: SLF001  the same
        KafkaError.SASL_AUTHENTICATION_FAILED,
    }
)
_PASSING: Final = frozenset({KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE})
"""What is no longer so in a moment."""
_LEADER_S: Final = 10.0
_AWAY: Final = frozenset(
    {
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.NOT_COORDINATOR,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError._WAIT_COORD,  # noqa: SLF001  as above
        KafkaError._TIMED_OUT,  # noqa: SLF001  as above
        KafkaError._TRANSPORT,  # noqa: SLF001  as above
        KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001  as above
    }
)
"""What is said of a group's coordinator that is not there yet: the group is new, or a broker has just started."""
_COORDINATOR_S: Final = 20.0
_LOOK_AGAIN_S: Final = 0.1
_LARGE: Final = {"message_max_bytes": MAX_RECORD_BYTES}


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """How every program reaches Kafka.

    Attributes:
        brokers: host:port, comma-separated.
        cluster: The cluster's name, first part of every key; the parts are told apart by `/`, so it has none.
        topic_prefix: Put before every topic's name; empty as a rule.
        registry_url: A Schema Registry; empty for single-object framing and `netpol.schemas`.
        options: Further librdkafka options (security.protocol, sasl.*, ssl.*), passed through as they are. There are
            secrets among them: no log, no error and no repr shows a value.
    """

    brokers: str
    cluster: str = "default"
    topic_prefix: str = ""
    registry_url: str = ""
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Raises UsageError for a name that would break the keys."""
        if not self.cluster or "/" in self.cluster:
            raise UsageError(f"--cluster {self.cluster!r}: a name that is not empty and has no /, for example prod")

    def topic(self, topic: Topic) -> str:
        """The topic's full name."""
        return self.topic_prefix + topic.name

    def client(self, **more: str | float | bool) -> Configuration:
        """Librdkafka's configuration for one client."""
        given = {name if name == "log_level" else name.replace("_", "."): value for name, value in more.items()}
        return {"bootstrap.servers": self.brokers, "log_level": 3, **dict(self.options), **given}


def producer(settings: KafkaSettings, **more: str | float | bool) -> Producer:
    """An idempotent producer: acks=all, zstd; further options with underscores for dots."""
    given = {"enable_idempotence": True, "acks": "all", "compression_type": "zstd", "linger_ms": 5, **_LARGE, **more}
    return _made(Producer, settings, settings.client(**given))


def consumer(settings: KafkaSettings, group: str, **more: str | float | bool) -> Consumer:
    """A consumer that never commits by itself and begins at the earliest record."""
    given = {
        "group_id": group,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "allow_auto_create_topics": False,
        **more,
    }
    return _made(Consumer, settings, settings.client(**given))


def admin(settings: KafkaSettings) -> AdminClient:
    """An administrative client; what goes wrong is said by the exceptions of its calls, so it logs nothing itself."""
    return _made(AdminClient, settings, settings.client(log_level=0))


def _made(kind: Callable[[Configuration], Client], settings: KafkaSettings, configuration: Configuration) -> Client:
    try:
        return kind(configuration)
    except KafkaException as error:  # nothing is asked of a broker yet: only the options can be wrong
        said = _without_values(_one_line(error.args[0].str()), settings)
        # Without a cause: its text would show the value.
        raise UsageError(f"Kafka client options (-X or --kafka-config): {said}") from None


def _without_values(text: str, settings: KafkaSettings) -> str:
    for _, value in settings.options:
        if value:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "***", text)
    return text


def _one_line(text: str) -> str:
    return " ".join(text.split())


def partitions_of(settings: KafkaSettings) -> Mapping[str, int]:
    """Partition counts of all topics.

    Raises:
        BrokerUnavailable: Nobody answers in ten seconds.
        BrokerRefuses: A broker refuses our password, or we its certificate.
    """
    said: list[KafkaError] = []
    client = _made(AdminClient, settings, settings.client(log_level=0) | {"error_cb": said.append})
    for timeout_s in _LOOKS_S:
        try:
            metadata = client.list_topics(timeout=timeout_s)
        except KafkaException as error:
            client.poll(0)  # the reason comes this way alone (confluent-kafka-python #1034)
            said.append(error.args[0])
            _raise_if_refused(settings, said)
        else:
            return {name: len(topic.partitions) for name, topic in metadata.topics.items()}
    reason = next(error for error in said if error.code() != KafkaError._ALL_BROKERS_DOWN)  # noqa: SLF001  as above
    raise BrokerUnavailable(
        f"no Kafka broker answers at {settings.brokers} ({_one_line(reason.str())}). Is it running, is the address "
        "right (--brokers or NETPOL_BROKERS), and does it want TLS (security.protocol in --kafka-config)?"
    )


def _raise_if_refused(settings: KafkaSettings, said: Iterable[KafkaError]) -> None:
    refusal = next((error for error in said if error.code() in _REFUSALS), None)
    if refusal is not None:
        raise BrokerRefuses(
            f"no trust between us and Kafka at {settings.brokers}: {_one_line(refusal.str())}. "
            "Are sasl.* and ssl.* right (--kafka-config or -X)?"
        )


def require_topics(settings: KafkaSettings, topics: Iterable[Topic]) -> dict[str, int]:
    """Partition counts of these topics by full name; raises TopicMissing or BrokerUnavailable."""
    found = partitions_of(settings)
    names = [settings.topic(topic) for topic in topics]
    missing = [name for name in names if name not in found]
    if missing:
        raise TopicMissing(
            f"no topic {', '.join(missing)} at {settings.brokers}. Run `network-policy topics` once to create them."
        )
    return {name: found[name] for name in names}


def end_offsets(client: Consumer, topic: str, partitions: Iterable[int]) -> dict[int, tuple[int, int]]:
    """First and next offset of each partition; raises Unavailable if the broker does not say.

    A partition may be without a leader for a moment, as one that was just made is; that is waited for.
    """
    wanted = [TopicPartition(topic, partition) for partition in partitions]
    return _patiently(
        lambda: {one.partition: client.get_watermark_offsets(one, timeout=_TIMEOUT_S) for one in wanted},
        f"the offsets of {topic}",
        _PASSING,
        _LEADER_S,
    )


def offsets_since(client: Consumer, topic: str, partitions: Iterable[int], since: int) -> dict[int, int]:
    """The first offset of each partition whose record's time is this, in ms, or later; those without one are left out.

    Raises Unavailable if the broker does not say; a leader that is not there for a moment is waited for.
    """
    wanted = [TopicPartition(topic, partition, since) for partition in partitions]

    def ask() -> dict[int, int]:
        found = client.offsets_for_times(wanted, _TIMEOUT_S)
        error = next((one.error for one in found if one.error is not None), None)
        if error is not None:
            raise KafkaException(error)
        return {one.partition: one.offset for one in found if one.offset >= 0}

    return _patiently(ask, f"the offsets of {topic}", _PASSING, _LEADER_S)


def committed_offsets(
    client: Consumer, topic: str, partitions: Iterable[int], patience_s: float = _COORDINATOR_S
) -> dict[int, int]:
    """What the client's group has committed of each partition; those of which it has committed nothing are left out.

    Raises:
        Unavailable: The broker does not say; a coordinator that is not there yet is waited for, so many seconds.
    """
    wanted = [TopicPartition(topic, partition) for partition in partitions]

    def ask() -> dict[int, int]:
        found = client.committed(wanted, _TIMEOUT_S)
        error = next((one.error for one in found if one.error is not None), None)
        if error is not None:
            raise KafkaException(error)
        return {one.partition: one.offset for one in found if one.offset >= 0}

    return _patiently(ask, f"what is committed of {topic}", _AWAY, patience_s)


def _patiently(ask: Callable[[], Answer], what: str, passing: Container[int], patience_s: float) -> Answer:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return ask()
        except KafkaException as error:
            if error.args[0].code() not in passing or time.monotonic() > deadline:
                raise Unavailable(f"Kafka does not tell {what}: {error.args[0].str()}") from error
        time.sleep(_LOOK_AGAIN_S)
