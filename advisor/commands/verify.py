"""`network-policy verify`: what was observed, held against policies."""

from pathlib import Path

import click

from advisor.answers import answer, form_option
from advisor.options import kafka_options
from advisor.policies.judge import Outcome
from advisor.policies.sources import DEPLOYED, SUGGESTED, Source, Sources
from advisor.policies.tables import show
from advisor.policies.verification import verify as hold
from advisor.policies.verification_text import document_of, notes_of, parts_of
from advisor.policies.world import world_of
from advisor.recorded.windows import CLUSTER
from schemas.errors import NetpolError, UsageError
from schemas.kafka import KafkaSettings
from streams.objects.files import load_objects


class WouldBreak(NetpolError):  # noqa: N818  the answer is no
    """An observed connection would be refused: exit code 1."""


@click.command()
@click.option(
    "--policies",
    "-p",
    multiple=True,
    metavar="PATH|TOPIC",
    help=f"File or directory, repeatable; or {SUGGESTED} or {DEPLOYED}. By default those in force.",
)
@click.option(
    "--input",
    "-i",
    "recording",
    type=click.Path(path_type=Path),
    help="Recorded connections, as `report` takes them; - is stdin. By default the windows in Kafka.",
)
@click.option(
    "--objects",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Kubernetes objects; repeatable. By default, without --input, the inventory in Kafka.",
)
@form_option
@kafka_options
def verify(
    *,
    policies: tuple[str, ...],
    recording: Path | None,
    objects: tuple[Path, ...],
    form: str | None,
    kafka: KafkaSettings,
) -> None:
    """Say which observed connections policies would break, and which of their rules nothing needed.

    Each connection is held against the policies at both of its ends. Exit 1 if one would be refused.
    """
    given = load_objects(objects, CLUSTER) if objects else () if recording else None
    sources = Sources(kafka, given)
    source = sources.read(policies) if policies else _in_force(sources, recording=recording, objects=objects)
    observations = sources.observed(recording)
    world = world_of(sources.objects(), observations.workloads)
    found = hold(source.policies, observations, world)
    for note in notes_of(found, source.policies, observations):
        click.echo(note, err=True)
    if form is not None:
        answer(document_of(found, observations), form)
    else:
        show(parts_of(found, observations))
    refused = found.of(Outcome.REFUSED)
    if refused:
        raise WouldBreak(f"{len(refused)} observed edges would be refused by {source.policies.source}")


def _in_force(sources: Sources, *, recording: Path | None, objects: tuple[Path, ...]) -> Source:
    source = sources.deployed()
    if not source.policies.stored and (recording or objects):
        raise UsageError("no --policies were given, and --objects holds no NetworkPolicy")
    return source
