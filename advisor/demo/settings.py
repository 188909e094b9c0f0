"""What a person may choose about the demo."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """How the demo runs.

    Attributes:
        output: Suggestions are written to OUTPUT/<namespace>/.
        duration_s: Seconds of traffic.
        keep: Go on until Ctrl-C.
        replay: Send the recorded trace instead of making traffic; needs neither root nor eBPF.
        work: Logs and objects are kept here; None for a temporary folder that is removed at the end.
    """

    output: Path = Path("policies")
    duration_s: float = 40.0
    keep: bool = False
    replay: bool = False
    work: Path | None = None
