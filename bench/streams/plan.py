"""How large a cluster is made, and how much of its traffic."""

from dataclasses import dataclass
from typing import Final

from bench.streams.world import Size

ROWS: Final = 500
"""Connections of a batch."""
PARTITIONS: Final = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """One run.

    Attributes:
        size: Of the cluster.
        batches: For the first stage alone.
        whole: For a worker with both stages, as fast as it can.
        paced: For the same, at a rate that leaves it time.
        rate: Batches a second of these.
        churn: One pod is replaced for every so many batches: 25 a second in the large cluster.
        curve: Numbers of workloads for which the cost of a connection is compared, each with 15 pods.
        curve_batches: Measured for each.
    """

    size: Size = Size()  # noqa: RUF009  frozen
    batches: int = 4_000
    whole: int = 600
    paced: int = 300
    rate: float = 10.0
    churn: int = 40
    curve: tuple[int, ...] = (100, 1_000, 10_000)
    curve_batches: int = 300


QUICK: Final = Plan(Size(pods=6_000, workloads=400, nodes=200), 400, 100, 50, curve=(100, 400), curve_batches=50)
"""All of it in about a minute: shows that everything works; its figures are rough."""
