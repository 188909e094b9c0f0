"""A record that could not be used, kept with its reason: `DeadLetter`."""

from dataclasses import dataclass

from schemas.records.types import Millis


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that a program could not read or use; the program went on.

    Every reader of a record tells it, again after a restart: topic, partition and offset say which are the same.

    Attributes:
        topic: Where it came from.
        partition: Its partition.
        offset: Its offset.
        reason: Why it could not be used, one sentence.
        key: The original key, null if it had none.
        value: The raw bytes, null for a tombstone.
        program: Who found it (stream, synthesize).
        time: When it was found.
    """

    topic: str
    partition: int
    offset: int
    reason: str
    key: bytes | None
    value: bytes | None
    program: str
    time: Millis
