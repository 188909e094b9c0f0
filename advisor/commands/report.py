"""`network-policy report`: recorded connections to policies; no Kafka needed."""

import os
import sys
from pathlib import Path

import click
from rich.console import Console

from advisor.recorded.windows import CLUSTER
from advisor.recording_file import complain, opened, progress, require_readable
from advisor.report import Report, Written, read, report_of, write
from advisor.report_text import lines_of, table_of
from schemas.errors import Unavailable, UsageError
from streams.objects.files import load_objects
from synthesizer.options import Isolation


@click.command()
@click.option("--input", "-i", "source", type=click.Path(path_type=Path), required=True, help="The file; - is stdin.")
@click.option("--objects", multiple=True, type=click.Path(path_type=Path), help="Kubernetes objects; repeatable.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Directory; standard output by default.")
@click.option("--strict", is_flag=True, help="Exit 2 if a line is bad.")
@click.option("--isolation", type=click.Choice(["both", "observed"]), default="both", show_default=True,
              help="Directions that policies isolate: both, or only those seen.")  # fmt: skip
@click.option("--quiet", "-q", is_flag=True, help="Say nothing on standard error but bad lines and errors.")
def report(  # noqa: PLR0913  one argument for each option of the command
    *, source: Path, objects: tuple[Path, ...], output: Path | None, strict: bool, isolation: str, quiet: bool
) -> None:
    """Write the policies that recorded connections support, as `monitor` or a node recorded them.

    Raw connections need --objects: what `kubectl get -o yaml` prints, as one List or many documents, YAML or JSON.
    """
    inventory = load_objects(objects, CLUSTER) if objects else ()
    with opened(source) as stream, progress(source, quiet=quiet) as tell:
        recording = read(stream, inventory, lambda bad: complain(source, bad), tell)
    require_readable(recording, source)
    made = report_of(recording, Isolation(isolation))
    written = Written((), ())
    try:
        written = _write(made, output)
    finally:
        if not quiet:
            _say(made, written)
    wrong = list(written.refused)
    if strict and recording.bad:
        wrong.append(f"{recording.bad} bad lines in {source}, and --strict was given")
    if wrong:
        raise UsageError("; ".join(wrong))


def _write(made: Report, output: Path | None) -> Written:
    if output is not None:
        return write(made, output)
    try:
        click.echo(made.documents, nl=False)
    except BrokenPipeError:
        raise
    except OSError as error:
        _discard_standard_output()
        raise Unavailable(f"cannot write standard output: {error.strerror}") from error
    return Written((), ())


def _discard_standard_output() -> None:
    """So that the interpreter does not fail once more on what is still in the buffer, when it ends."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _say(made: Report, written: Written) -> None:
    console = Console(stderr=True, markup=False, highlight=False)
    if console.is_terminal and made.suggestions:
        console.print(table_of(made.suggestions))
    else:
        for one in made.suggestions:
            for line in lines_of(one):
                click.echo(line, err=True)
    for note in (*written.notes, *made.notes):
        click.echo(note, err=True)
