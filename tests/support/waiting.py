"""Waiting for what another process does."""

import time


def wait_until(condition, timeout_s=30.0):
    """Poll until the condition holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
