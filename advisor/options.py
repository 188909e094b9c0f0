"""Options that several commands share, and how they become settings."""

import functools
from collections.abc import Callable, Container, Iterable
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

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
    @click.option(
        "--kafka-config",
        type=click.Path(path_type=Path),
        envvar="NETPOL_KAFKA_CONFIG",
        help="A file of librdkafka options, one name=value a line: the place for passwords (SASL) and keys (TLS).",
    )
    @click.option(
        "-X",
        "kafka_option",
        multiple=True,
        metavar="NAME=VALUE",
        help="A librdkafka option; repeatable. It wins over the file; everyone on this machine can read it.",
    )
    @functools.wraps(command)
    def with_kafka(  # noqa: PLR0913  one argument per option
        *,
        brokers: str,
        topic_prefix: str,
        registry: str,
        kafka_config: Path | None,
        kafka_option: tuple[str, ...],
        cluster: str = "default",
        **rest: Any,
    ) -> None:
        options = (*(read_options(kafka_config) if kafka_config else ()), *map(_pair, kafka_option))
        command(kafka=KafkaSettings(brokers, cluster, topic_prefix, registry, options), **rest)

    return with_kafka


def names_of(texts: Iterable[str]) -> frozenset[str]:
    """The names of a repeatable option that may hold several, comma-separated."""
    return frozenset(name.strip() for text in texts for name in text.split(",") if name.strip())


def refuse_given(names: Container[str], reason: str) -> None:
    """Refuse options of the running command that would silently be without effect.

    Args:
        names: Of the parameters, as the command has them.
        reason: Follows the options that were given, in the error.
    """
    context = click.get_current_context()
    given = [
        parameter.opts[-1]
        for parameter in context.command.params
        if parameter.name in names and context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    ]
    if given:
        raise UsageError(f"{', '.join(given)} {reason}")


def read_options(path: Path) -> tuple[tuple[str, str], ...]:
    """The options of a properties file: name=value, blank lines, and comments that begin with #.

    Space around a name or a value is not part of it. Raises UsageError, which never shows a value.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"--kafka-config {path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--kafka-config {path} is not UTF-8 text") from error
    return tuple(
        _named(line.strip(), f"{path}:{number}: write name=value, for example security.protocol=SASL_SSL")
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    )


def _pair(text: str) -> tuple[str, str]:
    return _named(text, "-X: write NAME=VALUE, for example -X security.protocol=SSL")


def _named(text: str, advice: str) -> tuple[str, str]:
    name, equals, value = (part.strip() for part in text.partition("="))
    if not name or not equals:
        raise UsageError(advice)  # without the text, which may be a password
    return name, value
