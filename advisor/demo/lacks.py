"""What this machine lacks for the demo with real sockets."""

import os
import shutil
from collections.abc import Iterator
from typing import Final

from collector.doctor import checks

_PATH: Final = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
_COMMANDS: Final = {"ip": "iproute2", "nft": "nftables"}


def lacks() -> tuple[str, ...]:
    """One sentence each, with the remedy; empty if nothing is missing."""
    return tuple(_lacks())


def _lacks() -> Iterator[str]:
    if os.geteuid() != 0:
        yield "root, which network namespaces need (try `sudo`)"
    for command, package in _COMMANDS.items():
        if shutil.which(command, path=_PATH) is None:
            yield f"the command `{command}` (apt-get install {package})"
    yield from (f"{check.name}, {check.found} ({check.advice})" for check in checks() if not check.ok)
