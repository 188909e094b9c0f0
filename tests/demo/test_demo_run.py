"""The whole path once, as a newcomer runs it: `network-policy demo`."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from advisor.demo.trace import TRACE

COMMAND = Path(sys.executable).with_name("network-policy")
SHOP = (
    "adservice", "cartservice", "checkoutservice", "currencyservice", "emailservice", "frontend", "paymentservice",
    "productcatalogservice", "recommendationservice", "redis-cart", "shippingservice",
)  # fmt: skip
WITHOUT_CAPABILITIES = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--")

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@dataclass(frozen=True)
class Demo:
    """One finished demo."""

    code: int
    said: str
    folder: Path
    seconds: float

    @property
    def output(self):
        """Where the suggestions are."""
        return self.folder / "policies"

    def files(self):
        """Every file's bytes by its path within the output."""
        return {str(path.relative_to(self.output)): path.read_bytes() for path in self.output.rglob("*.yaml")}

    def spec(self, name, namespace="demo"):
        """The spec of a policy."""
        return yaml.safe_load((self.output / namespace / f"{name}-network.yaml").read_text())["spec"]


def run_demo(folder, *options, prefix=()):
    """Run the installed command to its end; temporary folders are made in FOLDER/tmp."""
    (folder / "tmp").mkdir()
    began = time.monotonic()
    command = [*prefix, COMMAND, "demo", "--output", folder / "policies", *options]
    environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=150, env=environment)
    return Demo(done.returncode, done.stdout + done.stderr, folder, time.monotonic() - began)


@pytest.fixture(scope="module")
def live(tmp_path_factory, machine_state):
    """A newcomer's demo on the real kernel, which leaves the machine as it was."""
    if os.geteuid() != 0:
        pytest.skip("the live demo needs root")
    before = machine_state()
    demo = run_demo(tmp_path_factory.mktemp("live"))
    assert machine_state() == before
    return demo


@pytest.fixture(scope="module")
def replayed(tmp_path_factory):
    """The demo of a user who may not look into the kernel."""
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv (util-linux) is needed to take capabilities away")
    folder = tmp_path_factory.mktemp("replayed")
    return run_demo(folder, "--work", folder / "work", prefix=WITHOUT_CAPABILITIES)


def named(*names, namespace="demo"):
    """Peers of one namespace, as a policy writes them."""
    return [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "podSelector": {"matchLabels": {"app": name}},
        }
        for name in names
    ]


def rule_peers(spec, direction, port):
    """The peers of all rules of one TCP port."""
    key = "from" if direction == "ingress" else "to"
    rules = [rule for rule in spec.get(direction, []) if {"protocol": "TCP", "port": port} in rule["ports"]]
    return sorted((peer for rule in rules for peer in rule.get(key, [])), key=str)


def ports(spec, direction):
    """Every port that the rules of a direction name."""
    return {(entry["protocol"], entry["port"]) for rule in spec.get(direction, []) for entry in rule["ports"]}


@pytest.mark.kernel
def test_a_newcomers_demo_succeeds_in_time_and_leaves_nothing(live):
    """Exit 0 within 90 s with its full traffic; no namespace, link, rule, setting or temporary folder is left."""
    assert (live.code, "Missing" in live.said) == (0, False), live.said
    assert live.seconds < 90
    assert list((live.folder / "tmp").iterdir()) == []


@pytest.mark.kernel
def test_every_workload_gets_its_file(live):
    """Eleven of the shop and the caller from the other namespace, and nothing else."""
    assert live.code == 0, live.said
    expected = {f"demo/{name}-network.yaml" for name in SHOP} | {"backoffice/reporting-network.yaml"}
    assert set(live.files()) == expected


@pytest.mark.kernel
def test_cartservice_is_admitted_exactly_what_it_does(live):
    """Ingress on 7070 from frontend and checkoutservice, egress to redis-cart on 6379, both policy types."""
    spec = live.spec("cartservice")
    assert spec["podSelector"] == {"matchLabels": {"app": "cartservice"}}
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert ports(spec, "ingress") == {("TCP", 7070)}
    assert ports(spec, "egress") == {("TCP", 6379)}
    peers = [peer["podSelector"]["matchLabels"]["app"] for peer in rule_peers(spec, "ingress", 7070)]
    assert sorted(peers) == ["checkoutservice", "frontend"]
    (redis,) = rule_peers(spec, "egress", 6379)
    assert redis["podSelector"]["matchLabels"] == {"app": "redis-cart"}


@pytest.mark.kernel
def test_emailservice_is_reached_on_its_pods_port(live):
    """Its Service says 5000; the policies at both ends say 8080."""
    assert ports(live.spec("emailservice"), "ingress") == {("TCP", 8080)}
    assert ("TCP", 8080) in ports(live.spec("checkoutservice"), "egress")
    assert ("TCP", 5000) not in ports(live.spec("checkoutservice"), "egress")


@pytest.mark.kernel
def test_a_caller_of_another_namespace_is_named_with_it(live):
    """The catalogue's policy names the namespace of the reporting job."""
    peers = rule_peers(live.spec("productcatalogservice"), "ingress", 3550)
    assert named("reporting", namespace="backoffice")[0] in peers
    assert rule_peers(live.spec("reporting", "backoffice"), "egress", 3550) == named("productcatalogservice")


@pytest.mark.kernel
def test_the_client_outside_is_an_address_block(live):
    """The frontend is called through the load balancer from outside, and from nowhere else."""
    assert rule_peers(live.spec("frontend"), "ingress", 8080) == [{"ipBlock": {"cidr": "203.0.113.7/32"}}]


@pytest.mark.kernel
def test_probes_and_refused_attempts_make_no_rule(live):
    """The kubelet needs none, and what was never established is no evidence."""
    assert live.spec("redis-cart").get("egress", []) == []
    for name in SHOP:
        assert "10.244.0.1" not in str(live.spec(name))


def test_without_capabilities_a_trace_is_replayed(replayed):
    """The demo says what is missing and goes the same way from Kafka on."""
    assert replayed.code == 0, replayed.said
    assert "privileges" in replayed.said
    assert "replays a recorded trace" in replayed.said
    assert replayed.seconds < 90


@pytest.mark.kernel
def test_the_replay_ends_in_the_same_files(live, replayed):
    """Recorded and live connections of one shop give the same bytes."""
    assert replayed.files() == live.files()


def test_the_replay_and_a_report_on_it_are_one(replayed, tmp_path):
    """By way of Kafka and Faust the same bytes come out as from the recording and the objects alone."""
    objects = replayed.folder / "work" / "objects.yaml"
    command = [COMMAND, "report", "--input", TRACE, "--objects", objects, "--output", tmp_path]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    reported = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*.yaml")}
    assert reported == replayed.files()


def test_a_demo_that_cannot_work_says_so(tmp_path):
    """An output that is no folder: a sentence and an exit code, no hang."""
    (tmp_path / "policies").write_text("a file")
    ended = run_demo(tmp_path, "--replay")
    assert ended.code == 2, ended.said
    assert "name a folder" in ended.said
