"""Where policies and observations come from, as a person names it: files, directories, or topics of Kafka."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from advisor.policies.files import policies_of_files, stored_of, unique
from advisor.policies.inventory import policies_of_objects
from advisor.policies.model import PolicySet
from advisor.policies.observed import Gathering, Observations, observations_of
from advisor.policies.topics import inventory_of, windows_of
from advisor.recording_file import complain, opened, progress, require_readable
from advisor.report import read
from advisor.report_text import notes_of as notes_of_recording
from advisor.suggestions.latest import notes_of
from advisor.suggestions.progress import reading_bar
from advisor.suggestions.topic import read_latest, read_suggestions
from schemas.errors import UsageError
from schemas.kafka import KafkaSettings
from schemas.records import InventoryObject, PolicySuggestion
from schemas.topics import INVENTORY, POLICY_SUGGESTIONS
from synthesizer.evaluator.fields import BadPolicy
from synthesizer.evaluator.reader import documents_of
from synthesizer.evidence import evidence_of

TOPIC: Final = "topic:"
SUGGESTED: Final = "topic:suggestions"
DEPLOYED: Final = "topic:inventory"


@dataclass(frozen=True, slots=True)
class Source:
    """Policies, and what was observed by those who suggested them.

    Attributes:
        policies: The policies.
        observations: The evidence of suggestions; None if the policies carry none.
    """

    policies: PolicySet
    observations: Observations | None = None


class Sources:
    """Reads each source once.

    Args:
        kafka: Where the topics are; asked only if a topic is.
        objects: Kubernetes objects from files; None if the topic has them.
    """

    def __init__(self, kafka: KafkaSettings, objects: tuple[InventoryObject, ...] | None) -> None:
        self._kafka = kafka
        self._objects = objects
        self._inventory: tuple[InventoryObject, ...] | None = None

    def objects(self) -> tuple[InventoryObject, ...]:
        """The cluster's objects: those given, else those of the topic; raises Unavailable."""
        return self._from_topic() if self._objects is None else self._objects

    def read(self, names: Iterable[str]) -> Source:
        """The policies of one topic, or of files and directories; raises UsageError or Unavailable."""
        given = tuple(names)
        topics = [name for name in given if name.startswith(TOPIC)]
        if not topics:
            return Source(policies_of_files(map(Path, given)))
        if len(given) > 1:
            raise UsageError(f"{topics[0]} stands alone: leave out {', '.join(set(given) - {topics[0]})}")
        match given[0]:
            case "topic:suggestions":
                return self._suggested()
            case "topic:inventory":
                return Source(policies_of_objects(self._from_topic(), INVENTORY.name))
            case other:
                raise UsageError(f"{other} is none of {SUGGESTED} and {DEPLOYED}")

    def deployed(self) -> Source:
        """The policies in force, by the cluster's objects."""
        return Source(policies_of_objects(self.objects(), INVENTORY.name if self._objects is None else "--objects"))

    def observed(self, recording: Path | None) -> Observations:
        """What a recording tells, or else the windows in Kafka; raises UsageError or Unavailable."""
        return windows_of(self._kafka) if recording is None else self._recorded(recording)

    def _recorded(self, path: Path) -> Observations:
        with opened(path) as stream, progress(path, quiet=False) as tell:
            recording = read(stream, self._objects or (), lambda bad: complain(path, bad), tell)
        require_readable(recording, path)
        gathering = Gathering()
        for window in recording.windows.windows():
            gathering.take(window)
        return replace(gathering.observations(), notes=tuple(notes_of_recording(recording)))

    def _from_topic(self) -> tuple[InventoryObject, ...]:
        if self._inventory is None:
            self._inventory = inventory_of(self._kafka)
        return self._inventory

    def _suggested(self) -> Source:
        with reading_bar("reading suggestions") as tell:
            latest = read_latest(self._kafka, tell)
        found = read_suggestions(self._kafka, latest, lambda _ref: True)
        stored = [stored_of(document, place) for one in found.readable for place, document in _documents(one)]
        notes = tuple(notes_of(latest, found.unreadable))
        evidence = observations_of(evidence_of(one) for one in found.readable)
        return Source(PolicySet(POLICY_SUGGESTIONS.name, unique(stored), notes), evidence)


def _documents(one: PolicySuggestion) -> list[tuple[str, dict[str, object]]]:
    place = f"{POLICY_SUGGESTIONS.name}, {one.workload.ref}"
    try:
        return [(place, dict(document)) for _, document in documents_of(one.policy)]
    except BadPolicy as error:
        raise UsageError(f"{place}: {error}") from error
