"""The demo's network on the real kernel."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from advisor.demo import network, plan, pods
from advisor.processes import Child
from schemas.errors import Unavailable

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("untouched_machine")]

HOLD = """
import time
from pathlib import Path
from advisor.demo import network, pods
from advisor.demo.cluster import place
from advisor.demo.manifest import load
from pathlib import Path
import sys

cluster = place(load())
with network.network(cluster), pods.running(pods.actors(cluster), Path(sys.argv[1])):
    print("holding", flush=True)
    time.sleep(60)
"""


def wait_until(condition, timeout_s=10.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "not within the time"
        time.sleep(0.05)


def test_network_is_there_and_then_gone(cluster):
    """Every namespace of the plan exists inside the context and none after it; the fixture looks at the rest."""
    with network.network(cluster):
        assert network.leftovers() == tuple(sorted(plan.namespaces(cluster)))
    assert network.leftovers() == ()


def test_an_error_inside_removes_the_network(cluster):
    """Whatever happens to the story, the namespaces go."""
    with pytest.raises(ZeroDivisionError), network.network(cluster):
        _ = 1 / 0
    assert network.leftovers() == ()


def test_calls_pass_the_services(cluster, tmp_path):
    """Every call of the manifest is answered through its Service address, all but the one that nobody serves."""
    everybody = pods.actors(cluster)
    with network.network(cluster), pods.running(everybody, tmp_path) as children:
        logs = {actor.name: child.log for actor, child in zip(everybody, children, strict=True)}
        calls = [(actor.name, f"{call.address}:{call.port}") for actor in everybody for call in actor.calls]
        wait_until(lambda: all(call in logs[name].read_text() for name, call in calls), timeout_s=15)
        wrong = [line for log in logs.values() for line in log.read_text().splitlines() if "failed" in line]
    assert wrong == ["10.96.0.16:9999 failed: Connection refused"]


def test_a_backend_sees_the_client_itself(cluster, tmp_path):
    """No address is masqueraded: connection tracking shows the pod's own address on both ways of a translated call."""
    frontend = next(pod.address for pod in cluster.pods if pod.deployment.name == "frontend")
    email = next(pod.address for pod in cluster.pods if pod.deployment.name == "emailservice")
    with network.network(cluster), pods.running(pods.actors(cluster), tmp_path):
        command = network.inside(plan.NODE_NAMESPACE, "cat", "/proc/net/nf_conntrack")

        def seen():
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout

        wait_until(lambda: f"src={email} dst=10.244.0.13 sport=8080" in seen())
        wait_until(lambda: f"src={frontend} dst=203.0.113.7 sport=8080" in seen())


def test_two_demos_at_once_are_refused(cluster):
    """The second says so and leaves the first alone."""
    with network.network(cluster):
        with pytest.raises(Unavailable, match="another demo runs"), network.network(cluster):
            pass
        assert len(network.leftovers()) == len(plan.namespaces(cluster))


def test_leftovers_of_a_killed_demo_are_removed(cluster, tmp_path):
    """After kill -9 the pods end with their owner; the next demo removes the namespaces and makes its own."""
    holder = Child.start("holder", [sys.executable, "-c", HOLD, str(tmp_path)], tmp_path / "holder.log")
    try:
        holder.wait_for("holding", 20)
    finally:
        holder.kill()
    assert network.leftovers() == tuple(sorted(plan.namespaces(cluster)))
    with network.network(cluster):
        assert len(network.leftovers()) == len(plan.namespaces(cluster))
    assert network.leftovers() == ()


def test_a_process_left_in_a_namespace_is_ended(cluster):
    """A namespace lives as long as a process in it: such a process is ended by its id."""
    with network.network(cluster):
        command = network.inside(plan.NODE_NAMESPACE, "sleep", "60")
        with subprocess.Popen(command) as sleeper:
            wait_until(lambda: Path(f"/proc/{sleeper.pid}/exe").readlink().name == "sleep")
            network.remove()
            assert sleeper.wait(5) == -signal.SIGKILL
