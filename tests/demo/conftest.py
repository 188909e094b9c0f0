"""What the tests of the demo share."""

import os
import subprocess
from pathlib import Path

import pytest

from advisor.demo.cluster import place
from advisor.demo.manifest import load


@pytest.fixture(scope="session")
def cluster():
    """The shop, placed."""
    return place(load())


@pytest.fixture
def untouched_machine():
    """The machine's own namespaces, links, rules and settings are the same after the test as before."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    before = machine_state()
    yield before
    assert machine_state() == before


def machine_state():
    """What a demo might leave behind."""
    state = {
        "namespaces": sorted(path.name for path in Path("/run/netns").glob("npdemo-*")),
        "rules": subprocess.run(
            ["/usr/sbin/nft", "list", "ruleset"], capture_output=True, text=True, check=True
        ).stdout,
        "links": sorted(path.name for path in Path("/sys/class/net").iterdir()),
    }
    for path in Path("/proc/sys/net/ipv4/conf").glob("*/forwarding"):
        state[str(path)] = path.read_text()
    return state
