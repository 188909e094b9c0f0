"""The recorded trace that stands in for the kernel where there is no root or no eBPF."""

import json
from datetime import datetime
from pathlib import Path
from typing import Final

from schemas.records import Millis

TRACE: Final = Path(__file__).with_name("trace.jsonl")
_BEFORE_MS: Final = 60_000


def began(text: str) -> Millis:
    """A moment before the first connection of a trace, when the shop's pods may have started."""
    seen = (json.loads(line)["first_seen"] for line in text.splitlines() if line)
    return min(round(datetime.fromisoformat(one).timestamp() * 1000) for one in seen) - _BEFORE_MS
