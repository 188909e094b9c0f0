"""All phases of one run, in order."""

import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from advisor.kafka_server import KafkaServer
from bench.collector.agent import Options
from bench.collector.figures import Comparison, Life, Results
from bench.collector.network import place
from bench.collector.phases import Phase, Site, compare, live
from bench.collector.plan import MAXIMUM, Plan
from schemas.kafka import KafkaSettings
from schemas.topic_admin import Layout, create_topics

_THOUSAND, _TEN_THOUSAND = 1_000.0, 10_000.0


def measure(plan: Plan, say: Callable[[str], None]) -> Results:
    """Measure everything; raises Unavailable or KernelUnavailable with what is missing."""
    with _site(say) as site:
        comparisons, paired = _compared(site, plan)
        quiet, busy, others = _lives(site, plan)
        timed = _timed(site, plan)
    return Results(
        comparisons=comparisons,
        paired=paired,
        alone=(quiet, busy, *others, *timed),
        saturated=comparisons[0],
        busy=busy,
        quiet=quiet,
        measured=timed[0],
    )


@contextmanager
def _site(say: Callable[[str], None]) -> Iterator[Site]:
    with (
        tempfile.TemporaryDirectory(prefix="network-policy-bench-") as logs,
        place() as where,
        KafkaServer.start() as server,
    ):
        kafka = KafkaSettings(server.brokers, cluster="bench", topic_prefix=f"bench{uuid.uuid4().hex[:8]}.")
        create_topics(kafka, Layout(partitions=1))
        yield Site.of(kafka, where, Path(logs), say)


def _compared(site: Site, plan: Plan) -> tuple[tuple[Comparison, ...], tuple[Life, ...]]:
    most = plan.load(MAXIMUM)
    wanted = (
        (most, plan.pairs),
        (plan.udp(most), plan.few),
        (plan.load(_TEN_THOUSAND), plan.few),
        (plan.load(_THOUSAND), plan.few),
    )
    found = [compare(site, load, Options(plan.interval_s), pairs) for load, pairs in wanted]
    return tuple(one for one, _ in found), tuple(life for _, lives in found for life in lives)


def _lives(site: Site, plan: Plan) -> tuple[Life, Life, tuple[Life, ...]]:
    """At 1,000 a second, at the most, and the others: cost by connections, by edges, and under a flood."""
    room = Options(plan.interval_s, map_entries=4 * max(plan.sizes))
    quiet = live(site, Phase(plan.steady(_THOUSAND), Options(plan.interval_s)))
    busy = live(site, Phase(plan.steady(MAXIMUM), Options(plan.interval_s)))
    by_edges = [live(site, Phase(plan.steady(_TEN_THOUSAND, edges), room)) for edges in plan.sizes]
    flood = live(site, Phase(plan.flood, Options(plan.interval_s, plan.flood_entries), name="TCP most, edge flood"))
    site.say("cost by edges, and the edge flood: done")
    return quiet, busy, (*by_edges, flood)


def _timed(site: Site, plan: Plan) -> tuple[Life, Life]:
    most = plan.load(MAXIMUM)
    options = Options(plan.interval_s)
    tcp, udp = (
        live(site, Phase(load, options, timed=True, name=f"{load.protocol} most, programs timed"))
        for load in (most, plan.udp(most))
    )
    return tcp, udp
