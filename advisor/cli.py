"""`network-policy`: finds the command, and turns errors into one line and an exit code.

0 fine, 1 the answer is no, 2 usage or configuration, 3 something needed is unavailable.
"""

import importlib
import logging
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from schemas.errors import NetpolError, Unavailable

_STDOUT: Final = 1
COMMANDS: Final = {
    "demo": "the whole pipeline on this machine; suggestions in ./policies",
    "collect": "node agent: eBPF to Kafka",
    "follow": "Kubernetes objects to netpol.inventory",
    "stream": "Faust worker: enrich and window",
    "synthesize": "windows to suggested policies, topic and files",
    "monitor": "one JSON line per edge as it is seen",
    "report": "recorded connections to policies; no Kafka needed",
    "verify": "observed connections against policies: what would break, what was never used",
    "diff": "what one set of policies allows and another does not",
    "snapshot": "every current suggestion to files, then exit",
    "status": "coverage, loss and lag, workload by workload",
    "explain": "the evidence of each rule of a suggestion",
    "violations": "observed edges that policies would refuse, those in force or those suggested",
    "topics": "create or check the topics",
    "doctor": "what this machine lacks, and what to do about it",
}


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    """A reader that has seen enough, as `head`, ends the program without a word; any other broken pipe is an error.

    Click would exit 1 for both; and what is still buffered must not fail once more when the interpreter ends.
    """
    try:
        yield
    except BrokenPipeError as error:
        if not _reader_left():
            raise Unavailable(f"what this program was talking to has ended ({error.strerror})") from error
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), _STDOUT)
        raise click.exceptions.Exit(0) from error


def _reader_left() -> bool:
    """Whether nobody can read standard output any more: poll(2), POLLERR."""
    output = select.poll()
    output.register(_STDOUT, 0)
    return any(event & select.POLLERR for _, event in output.poll(0))


class LazyGroup(click.Group):
    """Imports a command's module only when it is asked for, so that a report never loads Kafka."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """All commands, in the order of a connection's way."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """The command, or None for an unknown name."""
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"advisor.commands.{name}"), name)
        return command

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """The options of the group, whose help may be read in part."""
        with _reader_may_leave():
            return super().make_context(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """The command, whose output may be read in part."""
        with _reader_may_leave():
            return super().invoke(ctx)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="network-policy-advisor")
@click.option("-v", "--verbose", is_flag=True, help="Say more on standard error.")
def cli(*, verbose: bool) -> None:
    """A cluster-wide, always-on NetworkPolicy advisor."""
    level = logging.DEBUG if verbose else logging.INFO
    logging.basicConfig(stream=sys.stderr, level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def main() -> None:
    """The installed command."""
    try:
        cli.main(standalone_mode=False)
    except NetpolError as error:
        click.echo(f"network-policy: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
    except OSError as error:
        click.echo(f"network-policy: {error.filename or 'input or output'}: {error.strerror or error}", err=True)
        sys.exit(Unavailable.exit_code)
