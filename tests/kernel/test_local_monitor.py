"""`monitor --local`: the probes of the collector straight to lines that `report` reads."""

import json
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from namespaces import CLIENT, SERVER, connect

from collector.recorded import parse_raw
from schemas.records import Basis, Protocol, Role

pytestmark = pytest.mark.kernel

COMMAND = Path(sys.executable).with_name("network-policy")
POD = "0f6c1a52-7c0b-4f0e-8c3d-5b1f2a9d4e77"
CALLER = """
import socket, sys
for _ in range(int(sys.argv[2])):
    socket.create_connection((sys.argv[1], 80)).close()
"""


@pytest.fixture
def monitor(cgroup):
    """Runs the command on the test's cgroup; told what to do once it is ready, gives lines and what it said."""

    def run(act, *options):
        words = [COMMAND, "monitor", "--local", "--node", "n1", "--interval", "0.2", "--cgroup", cgroup, *options]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            said = []
            for line in process.stderr:
                said.append(line)
                if "monitor ready" in line:
                    break
            try:
                act()
                time.sleep(0.6)
            finally:
                process.terminate()
            out, rest = process.communicate(timeout=20)
        assert process.returncode == 0, rest
        return [parse_raw(json.loads(line)) for line in out.splitlines()], "".join(said) + rest

    return run


def _totals(lines):
    total = Counter()
    for _, one in lines:
        total[one.role, one.basis, one.protocol, one.port] += one.count
    return dict(total)


def test_everything_is_one_line_an_edge(pair, monitor):
    """What was open before, TCP, UDP and what was refused: by its role, its basis, exactly."""
    older = pair.server.listen(socket.AF_INET, SERVER, 5432)
    with pair.client.inside():
        kept = [socket.create_connection((SERVER, 5432)) for _ in range(5)]

    def act():
        with pair.server.listen(socket.AF_INET, SERVER, 80) as listening:
            connect(pair.client, listening, (SERVER, 80), 7)
        with pair.server.bind_udp(socket.AF_INET, SERVER, 53) as served:
            for _ in range(3):
                with pair.client.open_socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                    asking.sendto(b"q", (SERVER, 53))
                    served.recv(10)
        with pair.client.open_socket(socket.AF_INET) as calling, pytest.raises(ConnectionRefusedError):
            calling.connect((SERVER, 81))

    lines, said = monitor(act)
    for one in (*kept, older):
        one.close()
    assert _totals(lines) == {
        (Role.CLIENT, Basis.SNAPSHOT, Protocol.TCP, 5432): 5,
        (Role.SERVER, Basis.SNAPSHOT, Protocol.TCP, 5432): 5,
        (Role.CLIENT, Basis.CONNECT, Protocol.TCP, 80): 7,
        (Role.SERVER, Basis.ACCEPT, Protocol.TCP, 80): 7,
        (Role.CLIENT, Basis.FIRST_SENDER, Protocol.UDP, 53): 3,
        (Role.SERVER, Basis.LISTENER, Protocol.UDP, 53): 3,
        (Role.CLIENT, Basis.CONNECT, Protocol.TCP, 81): 1,
    }
    assert {one.port for _, one in lines if not one.established} == {81}
    assert "lost: nothing" in said


def test_a_pods_socket_carries_its_uid(pair, monitor, cgroup):
    """The pod begins after the probes, and is known in the first report that shows it."""
    inside = cgroup / "kubepods.slice" / f"kubepods-pod{POD.replace('-', '_')}.slice" / "cri-containerd-1.scope"
    inside.mkdir(parents=True)

    def act():
        with pair.server.listen(socket.AF_INET, SERVER, 80):
            join = f'echo $$ > "{inside}/cgroup.procs" && exec "$@"'
            pod = ["sh", "-c", join, "sh", "ip", "netns", "exec", pair.client.name]
            subprocess.run([*pod, sys.executable, "-c", CALLER, SERVER, "11"], check=True)
            with subprocess.Popen([*pod, "sleep", "2"]):
                time.sleep(1)

    lines, _ = monitor(act)
    for directory in (inside, inside.parent, inside.parent.parent):
        directory.rmdir()
    owners = {(one.role, one.pod_uid) for _, one in lines}
    assert owners == {(Role.CLIENT, POD), (Role.SERVER, "")}
    assert {str(socket.inet_ntoa(one.local_address)) for _, one in lines} == {CLIENT, SERVER}


@pytest.mark.parametrize("options", [("--namespaces", "a"), ("--from-beginning",), ("--duration", "0")])
def test_what_cannot_be_is_refused(monitor, options):
    """A local look knows neither workloads nor a past, and needs some time."""
    words = [COMMAND, "monitor", "--local", *options]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2, done.stderr
