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
    before = state_of_machine()
    yield before
    assert state_of_machine() == before


@pytest.fixture(scope="session")
def machine_state():
    """The function that looks at what a demo might leave behind."""
    return state_of_machine


def state_of_machine():
    """Namespaces, rules, links, settings."""
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
