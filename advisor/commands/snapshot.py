"""`network-policy snapshot`: every current suggestion to files, then exit."""

from pathlib import Path

import click

from advisor.options import kafka_options
from advisor.snapshot.message import lines_of, told
from advisor.snapshot.run import Snapshot, SnapshotSettings, run
from advisor.suggestions.progress import reading_bar
from schemas.errors import UsageError
from schemas.kafka import KafkaSettings


@click.command()
@kafka_options
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="Directory; of this cluster alone."
)
@click.option("--git", is_flag=True, help="Commit what changed in the directory's repository.")
def snapshot(*, kafka: KafkaSettings, output: Path, git: bool) -> None:
    """Write every current suggestion to DIR/<namespace>/<policy>.yaml as `synthesize` does, then end.

    Files of workloads that are gone are removed; a file that this program did not write is never touched. What was
    interrupted is finished by the next run. With --git there is a commit only if something differs from the last one.
    """
    with reading_bar("reading suggestions") as progress:
        taken = run(SnapshotSettings(kafka, output, git), progress)
    for line in lines_of(taken.outcome.changes, taken.suggestions):
        click.echo(line)
    for note in taken.notes:
        click.echo(note, err=True)
    click.echo(_summary(taken, git=git))
    if taken.outcome.refused:
        raise UsageError("; ".join(taken.outcome.refused))


def _summary(taken: Snapshot, *, git: bool) -> str:
    readable = taken.suggestions.readable
    without = sum(not one.policy for one in readable)
    workloads = f"{len(readable)} workloads" + (f", {without} without a policy" if without else "")
    files = f"{len(taken.outcome.current)} files: {told(taken.outcome.changes)}"
    commit = f"; commit {taken.head}: {told(taken.committed)}" if taken.head else "; nothing to commit"
    return f"{workloads}; {files}{commit if git else ''}"
