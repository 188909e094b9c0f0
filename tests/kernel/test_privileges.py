"""What a collector may lack, and what it may not: shown by taking capabilities away from a real process."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.kernel

ATTACH = """
import sys
from pathlib import Path
from collector import doctor
from collector.drain import counted
from collector.probe import edges_spec
from schemas.errors import NetpolError
try:
    with counted(edges_spec(64), doctor.require(doctor.checks(), Path(sys.argv[1]))) as source:
        source.drain()
except NetpolError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def _attach_with(capabilities, cgroup):
    kept = ",".join(["-all", *(f"+{name}" for name in capabilities)])
    command = ["setpriv", f"--bounding-set={kept}", sys.executable, "-c", ATTACH, cgroup]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("capabilities", [["bpf", "net_admin"], ["sys_admin"]], ids=" and ".join)
def test_two_capabilities_are_enough(cgroup, capabilities):
    """CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN in their place; root is not needed."""
    ended = _attach_with(capabilities, cgroup)
    assert (ended.returncode, ended.stdout) == (0, "")


@pytest.mark.parametrize(
    ("capabilities", "missing"),
    [([], "CAP_BPF and CAP_NET_ADMIN"), (["bpf"], "CAP_NET_ADMIN"), (["net_admin"], "CAP_BPF")],
)
def test_a_missing_capability_is_named_in_one_line(cgroup, capabilities, missing):
    """Exit code 3, the name, and what to do."""
    ended = _attach_with(capabilities, cgroup)
    assert ended.returncode == 3
    assert ended.stdout.startswith(f"privileges: {missing} missing. run as root")
    assert ended.stdout.count("\n") == 1
