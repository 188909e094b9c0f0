"""`synthesize`: windows in, suggestions and violations out, to the topics and to files.

One cycle: gather windows, fold them and hold them against the policies, suggest for the workloads that changed, publish
and wait for the acknowledgements, write the files, and only then commit. Whatever is killed in between is done again,
to the same end. Now and then, workloads that are gone for good are taken out, file first, then topic.
"""

import logging

from schemas.errors import UsageError
from schemas.kafka import require_topics
from schemas.stopping import stop_event
from schemas.topics import (
    DEAD_LETTERS,
    INVENTORY,
    POLICY_SUGGESTIONS,
    POLICY_VIOLATIONS,
    SCHEMAS,
    WORKLOAD_WINDOWS,
)
from synthesizer.member import Member
from synthesizer.settings import SynthesizerSettings

_log = logging.getLogger(__name__)


def run(settings: SynthesizerSettings) -> None:
    """Work until SIGTERM or SIGINT; raises UsageError or Unavailable."""
    _require(settings)
    with stop_event() as stop:
        Member(settings).work(stop)
    _log.info("synthesize ends")


def _require(settings: SynthesizerSettings) -> None:
    by_workload = (WORKLOAD_WINDOWS, POLICY_SUGGESTIONS, POLICY_VIOLATIONS)
    counts = require_topics(settings.kafka, [*by_workload, INVENTORY, DEAD_LETTERS, SCHEMAS])
    windows, *others = (counts[settings.kafka.topic(one)] for one in by_workload)
    for topic, count in zip(by_workload[1:], others, strict=True):
        if count != windows:
            raise UsageError(
                f"{WORKLOAD_WINDOWS.name} has {windows} partitions and {topic.name} {count}; "
                "a workload must have one and the same in both. Run `network-policy topics` to see the difference."
            )
    if settings.output is not None:
        try:
            settings.output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--output {settings.output}: {error.strerror}. Name a writable directory.") from error
