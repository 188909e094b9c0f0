"""`python -m bench.collector.hooks`: what the kernel's calls cost at saturation, whatever the programs do.

Every round makes the same TCP load once with each set of programs, in an order of chance; nothing stands against
nothing to show the noise. The last line has `rate` and `cpu_ratio` by set, medians of rounds against the first nothing.
"""

import json
import random
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from bench.collector.load import Load, Made, Place, compiled, make
from bench.collector.network import place
from bench.command import in_order
from collector.drain import EdgeSource
from collector.link import attached
from collector.node import node_facts
from collector.probe import MapSizes, ProbeSpec, Program, edges_spec, load
from collector.syscall import (
    CGROUP_SKB_PROGRAM,
    EGRESS_ATTACH,
    INGRESS_ATTACH,
    SOCK_OPS_ATTACH,
    SOCK_OPS_PROGRAM,
)

_NOTHING: Final = "nothing"
_TCP: Final = Program("empty_tcp", SOCK_OPS_PROGRAM, SOCK_OPS_ATTACH)
_PACKETS: Final = (
    Program("empty_out", CGROUP_SKB_PROGRAM, EGRESS_ATTACH),
    Program("empty_in", CGROUP_SKB_PROGRAM, INGRESS_ATTACH),
)
_EMPTY: Final = ProbeSpec((str(Path(__file__).with_name("empty.c").resolve()),), (_TCP, *_PACKETS), ())


@dataclass(frozen=True, slots=True)
class Attachment:
    """One set of programs.

    Attributes:
        programs: What is attached.
        descriptors: Of the loaded programs, by name.
    """

    programs: tuple[Program, ...]
    descriptors: Mapping[str, int]


@contextmanager
def _counting(where: Place, *, udp: bool) -> Iterator[Attachment]:
    spec = edges_spec(MapSizes(), node_facts(where.cgroup), udp=udp)
    loaded = load(spec)
    try:
        EdgeSource(loaded).older_are_known()
        yield Attachment(spec.programs, loaded.programs)
    finally:
        loaded.close()


@contextmanager
def _sets(where: Place) -> Iterator[dict[str, Attachment]]:
    with ExitStack() as stack:
        empty = load(_EMPTY)
        stack.callback(empty.close)
        yield {
            _NOTHING: Attachment((), {}),
            "nothing, again": Attachment((), {}),
            "sock_ops, empty": Attachment((_TCP,), empty.programs),
            "packet programs, empty": Attachment(_PACKETS, empty.programs),
            "all of these, empty": Attachment((_TCP, *_PACKETS), empty.programs),
            "--without udp": stack.enter_context(_counting(where, udp=False)),
            "all of ours": stack.enter_context(_counting(where, udp=True)),
        }


def _made(where: Place, attachment: Attachment, seconds: float, log: Path) -> Made:
    with ExitStack() as links:
        for program in attachment.programs:
            descriptor = attachment.descriptors[program.name]
            links.enter_context(attached(descriptor, where.cgroup, program.attach_type))
        return make(compiled(), where, Load("TCP", 0, 1_000, seconds), log)


def _measured(rounds: int, seconds: float) -> dict[str, list[Made]]:
    with tempfile.TemporaryDirectory(prefix="network-policy-bench-") as logs, place() as where, _sets(where) as sets:
        made: dict[str, list[Made]] = {name: [] for name in sets}
        for _ in range(rounds):
            for name in random.sample(list(sets), len(sets)):
                made[name].append(_made(where, sets[name], seconds, Path(logs) / "generator.log"))
    return made


def _summary(made: dict[str, list[Made]]) -> dict[str, dict[str, float]]:
    without = made[_NOTHING]
    return {
        name: {
            "rate": round(statistics.median(b.rate / a.rate for a, b in zip(without, with_, strict=True)), 4),
            "cpu_ratio": round(statistics.median(b.cpu_us / a.cpu_us for a, b in zip(without, with_, strict=True)), 4),
        }
        for name, with_ in made.items()
    }


@click.command()
@click.option("--rounds", type=click.IntRange(min=1), default=24, show_default=True)
@click.option("--seconds", type=click.FloatRange(min=0.2), default=0.6, show_default=True, help="Of each load.")
def main(rounds: int, seconds: float) -> None:
    """Measure what empty programs in the same hooks cost, and ours. Needs root, and nobody else on the machine."""
    with in_order("bench.collector.hooks"):
        summary = _summary(_measured(rounds, seconds))
    for name, figures in summary.items():
        click.echo(f"{name:24} rate {figures['rate']:.4f}  CPU for each connection {figures['cpu_ratio']:.4f}")
    click.echo(json.dumps(summary))


if __name__ == "__main__":
    main()
