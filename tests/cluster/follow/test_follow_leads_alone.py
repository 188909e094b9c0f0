"""Several instances of `follow`, one Lease: one publishes, the others stand by."""

import os
import signal
import time

import pytest
from followed import pod
from programs import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.kafka]

LEASE = "/apis/coordination.k8s.io/v1/namespaces/default/leases"


@pytest.fixture
def lease(request):
    """A name that no other test uses."""
    return f"l-{abs(hash(request.node.nodeid)) % 10**8}"


def start(run, server, lease, *, ready=True):
    """An instance."""
    return run.start("follow", "--kubeconfig", server.kubeconfig(), "--lease", f"default/{lease}", ready=ready)


def holder(server, lease):
    """Who holds the lease."""
    return server.api().call("GET", f"{LEASE}/{lease}")["spec"]["holderIdentity"]


def test_the_second_takes_over_at_once_when_the_first_ends(kube_server, run, inventory, lease):
    """Who is told to end gives the lease back."""
    first = start(run, kube_server, lease)
    second = start(run, kube_server, lease, ready=False)
    second.wait_for("follow stands by", 20)
    assert first.stop() == 0
    second.wait_for("follow ready", 15)
    kube_server.api().create(pod(f"p-{lease}", "default"))
    wait_until(lambda: inventory.find("Pod", f"p-{lease}"), 10, "what the second publishes")


def test_the_second_takes_over_when_the_first_is_killed(kube_server, run, inventory, lease):
    """After the lease has run out; until then there is no heartbeat."""
    first = start(run, kube_server, lease)
    second = start(run, kube_server, lease, ready=False)
    second.wait_for("follow stands by", 20)
    first.kill()
    killed = time.time() * 1000
    assert "follow ready" not in second.tail()
    second.wait_for("follow ready", 40)
    wait_until(lambda: inventory.last_beat() > killed, 10, "a heartbeat of the second")


def test_one_that_slept_through_its_lease_writes_nothing_more(kube_server, run, inventory, lease):
    """A paused process wakes up after another took over: not a record, not a heartbeat, and it ends."""
    first = start(run, kube_server, lease)
    old = holder(kube_server, lease)
    os.kill(first.pid, signal.SIGSTOP)
    second = start(run, kube_server, lease)
    assert holder(kube_server, lease) != old
    assert second.stop() == 0  # now only the sleeper could write
    inventory.poll()
    records, beats = len(inventory.records), len(inventory.beats)
    os.kill(first.pid, signal.SIGCONT)
    assert first.wait(20) == 3
    assert "another instance has published meanwhile" in first.tail()
    inventory.poll(1.0)
    assert (len(inventory.records), len(inventory.beats)) == (records, beats)
