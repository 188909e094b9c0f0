"""`network-policy`: finds the command, and turns errors into one line and an exit code.

0 fine, 1 the answer is no, 2 usage or configuration, 3 something needed is unavailable.
"""

import importlib
import logging
import os
import sys
from typing import Any, Final

import click

from schemas.errors import NetpolError, Unavailable

COMMANDS: Final = {
    "demo": "the whole pipeline on this machine; suggestions in ./policies",
    "collect": "node agent: eBPF to Kafka",
    "follow": "Kubernetes objects to netpol.inventory",
    "stream": "Faust worker: enrich and window",
    "synthesize": "windows to suggested policies, topic and files",
    "monitor": "one JSON line per edge as it is seen",
    "report": "recorded connections to policies; no Kafka needed",
    "topics": "create or check the topics",
    "doctor": "what this machine lacks, and what to do about it",
}


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

    def invoke(self, ctx: click.Context) -> Any:
        """The command; a reader that has seen enough, as `head`, ends it without a word.

        Click would exit 1; and what is still buffered must not fail once more when the interpreter ends.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None

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
