"""The metrics' page tells all that a scrape shows, and its alerts use only what there is."""

import re
from types import SimpleNamespace

import pytest
import yaml

from advisor.reference import DOCS
from advisor.reference_metrics import ALERTS, PROGRAMS
from collector.metrics import CollectorMetrics
from streams.directory.inventory import Seen
from streams.follow.metrics import follow_metrics
from streams.worker.health import StreamHealth
from streams.worker.metrics import StreamMetrics

PAGE = (DOCS / "metrics.md").read_text()


def stream_metrics():
    return StreamMetrics(SimpleNamespace(seen=Seen(), watermarks=dict, objects=dict), StreamHealth(0.0))


@pytest.mark.parametrize(
    "made",
    [lambda: CollectorMetrics(5.0), lambda: follow_metrics(1.0), stream_metrics],
    ids=["collector", "follow", "stream"],
)
def test_every_metric_of_a_scrape_is_documented_with_its_help(made):
    """Name and help text of each family stand in one row."""
    for family in made().probes.registry.collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        rows = [row for row in PAGE.splitlines() if row.startswith(f"| `{name}` |")]
        assert len(rows) == 1, name
        assert family.documentation in rows[0]
        assert family.type in rows[0]


def test_alerts_are_rules_over_metrics_that_exist():
    """Each rule has a name, an expression and a summary; each metric in it is defined."""
    suffixes = {"histogram": ("_bucket", "_sum", "_count")}
    names = {m.name + suffix for _, _, known in PROGRAMS for m in known for suffix in suffixes.get(m.kind.value, ("",))}
    rules = [rule for group in yaml.safe_load(ALERTS)["groups"] for rule in group["rules"]]
    for rule in rules:
        used = set(re.findall(r"netpol_\w+", rule["expr"]))
        assert used, rule
        assert used <= names
        assert rule["annotations"]["summary"]
    assert len({rule["alert"] for rule in rules}) == len(rules)
