"""Creates the topics of the table, and checks those that exist against it."""

import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from schemas.errors import TopicMissing, Unavailable
from schemas.kafka import KafkaError, KafkaException, KafkaSettings, admin, partitions_of
from schemas.topics import SCHEMAS, TOPICS, Topic

_TIMEOUT_S: Final = 30.0
_LOOK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Layout:
    """How many and how safe.

    Attributes:
        partitions: Of every topic but `netpol.schemas`, which has one; by-workload topics must agree.
        replication: Copies of each partition; 3 in production.
    """

    partitions: int = 4
    replication: int = 1


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic held against the table.

    Attributes:
        name: The full name.
        partitions: As found, or as created.
        created: It did not exist before.
        differences: What is not as the table says, one sentence each.
    """

    name: str
    partitions: int
    created: bool
    differences: tuple[str, ...] = ()


def create_topics(settings: KafkaSettings, layout: Layout) -> tuple[TopicState, ...]:
    """Create what is missing; what exists is checked and left as it is. Raises Unavailable if Kafka refuses."""
    client = admin(settings)
    found = partitions_of(settings)
    missing = [topic for topic in TOPICS if settings.topic(topic) not in found]
    _await_all(client.create_topics([_new_topic(settings, topic, layout) for topic in missing]) if missing else {})
    made = {settings.topic(topic) for topic in missing}
    _await_visible(settings, made)
    return tuple(
        TopicState(state.name, state.partitions, state.name in made, state.differences)
        for state in check_topics(settings)
    )


def check_topics(settings: KafkaSettings) -> tuple[TopicState, ...]:
    """Every topic of the table as it is; raises TopicMissing if one is not there."""
    found = partitions_of(settings)
    missing = [settings.topic(topic) for topic in TOPICS if settings.topic(topic) not in found]
    if missing:
        raise TopicMissing(f"no topic {', '.join(missing)}. Run `network-policy topics` without --check to create it.")
    configs = _configs(admin(settings), [settings.topic(topic) for topic in TOPICS])
    by_workload = {found[settings.topic(topic)] for topic in TOPICS if topic.by_workload}
    return tuple(_state(settings, topic, found, configs, len(by_workload) > 1) for topic in TOPICS)


def _state(
    settings: KafkaSettings,
    topic: Topic,
    found: Mapping[str, int],
    configs: Mapping[str, Mapping[str, str]],
    uneven: bool,  # noqa: FBT001  one fact of all topics, known only to the caller
) -> TopicState:
    name = settings.topic(topic)
    differences = [
        f"{key} is {configs[name].get(key)}, the table says {wanted}"
        for key, wanted in topic.config.items()
        if configs[name].get(key) != wanted
    ]
    if uneven and topic.by_workload:
        differences.append(f"{found[name]} partitions, but all topics keyed by workload must have the same number")
    return TopicState(name, found[name], created=False, differences=tuple(differences))


def _new_topic(settings: KafkaSettings, topic: Topic, layout: Layout) -> NewTopic:
    partitions = 1 if topic is SCHEMAS else layout.partitions
    return NewTopic(settings.topic(topic), partitions, layout.replication, config=topic.config)


def _await_all(futures: Mapping[str, Future[Any]]) -> None:
    for name, future in futures.items():
        try:
            future.result(_TIMEOUT_S)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise Unavailable(f"Kafka did not create {name}: {error.args[0].str()}") from error


def _await_visible(settings: KafkaSettings, names: set[str]) -> None:
    """A created topic is known to the controller at once, and to the broker that we ask a moment later."""
    deadline = time.monotonic() + _TIMEOUT_S
    while not names <= partitions_of(settings).keys() and time.monotonic() < deadline:
        time.sleep(_LOOK_S)


def _configs(client: AdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    wanted = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    try:
        answers = {
            resource.name: future.result(_TIMEOUT_S) for resource, future in client.describe_configs(wanted).items()
        }
    except KafkaException as error:
        raise Unavailable(f"Kafka does not tell the topics' settings: {error.args[0].str()}") from error
    return {name: {key: entry.value for key, entry in answer.items()} for name, answer in answers.items()}
