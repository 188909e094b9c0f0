"""`network-policy violations` on the real Kafka."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from audited import policy_object
from shop import shop
from waiting import wait_until

from schemas.records import now_ms
from schemas.topics import POLICY_VIOLATIONS

pytestmark = pytest.mark.kafka
COMMAND = str(Path(sys.executable).with_name("network-policy"))
DENY = policy_object("shop", "no-ingress", {"podSelector": {}, "policyTypes": ["Ingress"]})


def lately(windows):
    """The same of the last quarter of an hour, on whole windows."""
    base = now_ms() // 300_000 * 300_000 - 900_000
    for one in windows:
        edges = [
            replace(edge, first_seen=base + edge.first_seen, last_seen=base + edge.last_seen) for edge in one.edges
        ]
        yield replace(one, start=base + one.start, end=base + one.end, edges=tuple(edges))


def run(bench, *more):
    kafka = bench.kafka
    options = ["--brokers", kafka.brokers, "--topic-prefix", kafka.topic_prefix, "--cluster", kafka.cluster]
    return subprocess.run([COMMAND, "violations", *options, *more], capture_output=True, text=True, check=False)


def test_what_stands_is_told_and_the_answer_is_no(bench):
    """As a table and as one document, by either set of policies; garbage is left out and said."""
    done = run(bench)
    assert (done.returncode, done.stdout, done.stderr) == (0, "No observed edge would be refused.\n", "")
    bench.inventory(DENY)
    child = bench.start()
    bench.send(lately(shop(workloads=6, windows=2)))
    wait_until(bench.violations)
    wait_until(lambda: len({one.start for one in bench.violations()}) == 2)
    assert child.stop() == 0
    standing = bench.standing()
    bench.send_raw(POLICY_VIOLATIONS, b"no violation")
    done = run(bench)
    assert done.returncode == 1
    assert "REFUSED by no-ingress" in done.stdout
    assert done.stderr.startswith("left out: partition 0 offset ")
    found = json.loads(run(bench, "-o", "json").stdout)["violations"]
    assert len(found) == len({(one.key, *one.identity.split("/")[1:]) for one in standing.values()})
    only = json.loads(run(bench, "-o", "json", "--by", "suggested").stdout)["violations"]
    assert only == [one for one in found if "suggested" in one["refused_by"]] != []
    other = json.loads(run(bench, "-o", "json", "-n", "team3").stdout)["violations"]
    assert {one["workload"]["namespace"] for one in other} == {"team3"}
