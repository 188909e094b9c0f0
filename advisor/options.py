"""Options that several commands share, and how they become settings."""

import functools
from collections.abc import Callable
from typing import Any, Final

import click

from schemas.errors import UsageError
from schemas.kafka import KafkaSettings

Command = Callable[..., None]
DEFAULT_BROKERS: Final = "localhost:9092"


def kafka_options(command: Command) -> Command:
    """Give a command the Kafka options; it gets them as the argument `kafka: KafkaSettings`."""
    named = click.option(
        "--cluster", envvar="NETPOL_CLUSTER", default="default", show_default=True, help="The cluster's name."
    )
    return named(kafka_options_of_all_clusters(command))


def kafka_options_of_all_clusters(command: Command) -> Command:
    """The same for a program that works for every cluster whose records are in the topics."""

    @click.option(
        "--brokers",
        envvar="NETPOL_BROKERS",
        default=DEFAULT_BROKERS,
        show_default=True,
        help="Kafka brokers, host:port, comma-separated.",
    )
    @click.option("--topic-prefix", envvar="NETPOL_TOPIC_PREFIX", default="", help="Put before every topic's name.")
    @click.option("--registry", envvar="NETPOL_REGISTRY", default="", help="URL of a Schema Registry, if there is one.")
    @click.option("-X", "kafka_option", multiple=True, metavar="NAME=VALUE", help="A librdkafka option; repeatable.")
    @functools.wraps(command)
    def with_kafka(
        *,
        brokers: str,
        topic_prefix: str,
        registry: str,
        kafka_option: tuple[str, ...],
        cluster: str = "default",
        **rest: Any,
    ) -> None:
        options = tuple(_pair(text) for text in kafka_option)
        command(kafka=KafkaSettings(brokers, cluster, topic_prefix, registry, options), **rest)

    return with_kafka


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"-X {text}: write NAME=VALUE, for example -X security.protocol=SSL")
    return name, value
