"""`network-policy topics`: create or check the topics and publish the schemas."""

import click
from rich.console import Console
from rich.table import Table

from advisor.options import kafka_options
from schemas.errors import TopicMissing
from schemas.kafka import KafkaSettings
from schemas.schema_store import SchemaStore
from schemas.topic_admin import Layout, TopicState, check_topics, create_topics
from schemas.topics import RECORDS


@click.command()
@kafka_options
@click.option("--partitions", default=4, show_default=True, type=click.IntRange(1, 10_000), help="Of each topic.")
@click.option(
    "--replication", default=1, show_default=True, type=click.IntRange(1, 100), help="Copies; 3 in production."
)
@click.option("--check", is_flag=True, help="Create nothing; exit 3 if a topic is missing or differs.")
def topics(*, kafka: KafkaSettings, partitions: int, replication: int, check: bool) -> None:
    """Create the topics that are missing, and check those that exist."""
    states = check_topics(kafka) if check else create_topics(kafka, Layout(partitions, replication))
    if not check:
        SchemaStore(kafka).publish(RECORDS)
    Console().print(_table(states))
    wrong = [state.name for state in states if state.differences]
    if wrong:
        raise TopicMissing(f"{', '.join(wrong)} differ from the table of topics; see above")


def _table(states: tuple[TopicState, ...]) -> Table:
    table = Table("topic", "partitions", "state")
    for state in states:
        table.add_row(state.name, str(state.partitions), _words(state))
    return table


def _words(state: TopicState) -> str:
    if state.differences:
        return "; ".join(state.differences)
    return "created" if state.created else "as it should be"
