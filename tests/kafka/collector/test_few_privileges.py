"""The installed collector with two capabilities on a read-only file system: TCP and UDP go on, the rest is named."""

import contextlib
import os
import socket
import subprocess

import pytest
from namespaces import SERVER, connect
from programs import COMMAND, wait_until
from scratch import scratch

from schemas.records import Role

pytestmark = [pytest.mark.kernel, pytest.mark.kafka]

READ_ONLY = """
for mount in $(cut -d' ' -f5 /proc/self/mountinfo); do mount -o remount,bind,ro "$mount" 2>/dev/null; done
mount -t tmpfs none "$TMPDIR"
exec setpriv --bounding-set=-all,+bpf,+net_admin "$@"
"""


@pytest.fixture
def confined(kafka, cgroup, tmp_path):
    """Starts a confined collector with further options; the process and its log."""
    with contextlib.ExitStack() as stack:

        def start(*options):
            log = tmp_path / "collect.log"
            where = [
                "--brokers",
                kafka.brokers,
                "--topic-prefix",
                kafka.topic_prefix,
                "--cluster",
                "test",
                "--node",
                "n1",
            ]
            words = ["unshare", "--mount", "--propagation=private", "sh", "-c", READ_ONLY, "sh", COMMAND, "collect"]
            environment = {**os.environ, "TMPDIR": scratch()}
            with log.open("wb") as output:
                command = [*words, *where, "--cgroup", cgroup, "--interval", "600", *options]
                process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
            stack.callback(process.wait)
            stack.callback(process.kill)
            wait_until(lambda: "collect ready" in log.read_text() or process.poll() is not None, 60, log.read_text())
            return process, log

        yield start


def _off(log):
    lines = (line.partition(" is off, not seen: ") for line in log.read_text().splitlines())
    return [before.split()[-1] for before, off, _ in lines if off]


def test_two_capabilities_and_a_read_only_root_are_enough(pair, confined, published):
    """Each feature that is off has one line of its log; the connections are all there."""
    process, log = confined()
    assert _off(log) == ["older", "pods", "host-network"]
    with pair.server.listen(socket.AF_INET, SERVER, 80) as listening:
        connect(pair.client, listening, (SERVER, 80), 37)
    process.terminate()
    assert process.wait(timeout=20) == 0, log.read_text()
    rows = [row for _, _, batch in published() for row in batch.rows()]
    assert sum(row.count for row in rows if row.role is Role.CLIENT and row.port == 80) == 37


def test_a_feature_can_be_switched_off(confined):
    """As the log says."""
    _, log = confined("--without", "udp")
    assert _off(log) == ["udp", "older", "pods", "host-network"]
    assert "switched off by --without udp" in log.read_text()
