"""`network-policy diff`: two sets of policies, compared by what they allow."""

from pathlib import Path

import click

from advisor.answers import answer, form_option
from advisor.options import kafka_options
from advisor.policies.difference import compare
from advisor.policies.difference_text import document_of, notes_of, parts_of
from advisor.policies.observed import Observations
from advisor.policies.sources import TOPIC, Source, Sources
from advisor.policies.tables import show
from advisor.policies.text_diff import text_diff
from advisor.policies.world import world_of
from advisor.recorded.windows import CLUSTER
from schemas.errors import NetpolError
from schemas.kafka import KafkaSettings
from streams.objects.files import load_objects


class Different(NetpolError):  # noqa: N818  the answer is no
    """The two allow different connections: exit code 1."""


@click.command()
@click.argument("first")
@click.argument("second")
@click.option(
    "--input",
    "-i",
    "recording",
    type=click.Path(path_type=Path),
    help="Recorded connections, as `report` takes them, to say what was observed; - is stdin.",
)
@click.option(
    "--objects",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Kubernetes objects, so that pods have names; repeatable. By default, with a topic, the inventory in Kafka.",
)
@click.option("--text", is_flag=True, help="The texts beside the meaning, as a unified diff.")
@form_option
@kafka_options
def diff(  # noqa: PLR0913  one argument for each option of the command
    *,
    first: str,
    second: str,
    recording: Path | None,
    objects: tuple[Path, ...],
    text: bool,
    form: str | None,
    kafka: KafkaSettings,
) -> None:
    """Say which connections one set of policies allows and the other does not.

    FIRST and SECOND are files, directories, topic:suggestions (what was suggested) or topic:inventory (what is in
    force). Exit 0 if both mean the same, however they are written; 1 if not.
    """
    topics = any(name.startswith(TOPIC) for name in (first, second))
    given = load_objects(objects, CLUSTER) if objects else None if topics else ()
    sources = Sources(kafka, given)
    one, other = (sources.read([name]) for name in (first, second))
    observations = sources.observed(recording) if recording is not None else _evidence(one, other)
    world = world_of(sources.objects(), observations.workloads)
    found = compare(one.policies, other.policies, observations, world)
    for note in (*observations.notes, *notes_of(found, one.policies, other.policies)):
        click.echo(note, err=True)
    lines = tuple(text_diff(one.policies, other.policies)) if text else ()
    if form is not None:
        document = document_of(found, one.policies, other.policies)
        answer({**document, **({"text": list(lines)} if text else {})}, form)
    else:
        show(parts_of(found, one.policies, other.policies))
        show(["", *lines] if lines else [])
    if not found.same:
        raise Different(f"{one.policies.source} and {other.policies.source} allow different connections")


def _evidence(one: Source, other: Source) -> Observations:
    """What the suggestions themselves tell, if one of the two is of suggestions."""
    return one.observations or other.observations or Observations()
