"""What Kafka tells of a group's way through its topics, asked by a client that is no member of the group."""

import logging
import threading
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Final, TypeAlias

from schemas.errors import Unavailable
from schemas.kafka import KafkaException, KafkaSettings, TopicPartition, committed_offsets, consumer
from streams.worker.progress import Offsets, Share

_log = logging.getLogger(__name__)
EVERY_S: Final = 10.0
_TIMEOUT_S: Final = 10.0
_END: Final = -1
_FIRST: Final = -2
"""Times that stand for the newest and the oldest offset (KIP-79, ListOffsets)."""
_NOTHING: Final = -1

Standing: TypeAlias = tuple[tuple[Share, Offsets], ...]


class Lag:
    """Asks for offsets. Faust's own monitor knows only what its consumer has fetched, never what is committed.

    Args:
        kafka: How to reach Kafka.
        group: Whose committed offsets.
    """

    def __init__(self, kafka: KafkaSettings, group: str) -> None:
        self._prefix = kafka.topic_prefix
        self._client = consumer(kafka, group)

    def look(self, shares: Iterable[Share]) -> Standing:
        """The offsets of these partitions; waits for Kafka, raises Unavailable if it does not answer in time.

        Args:
            shares: By the topics' full names; the answer has those of the table.
        """
        asked = sorted(shares)
        try:
            if not asked:
                self._client.list_topics(timeout=_TIMEOUT_S)
                return ()
            ends, firsts = self._at(asked, _END), self._at(asked, _FIRST)
        except KafkaException as error:
            raise Unavailable(f"Kafka does not tell the offsets: {error.args[0].str()}") from error
        done = self._done(asked)
        return tuple((self._named(share), Offsets(firsts[share], ends[share], done[share])) for share in asked)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _named(self, share: Share) -> Share:
        return Share(share.topic.removeprefix(self._prefix), share.partition)

    def _done(self, shares: Iterable[Share]) -> dict[Share, int]:
        """Nobody waits for a coordinator: the next look is soon."""
        done: dict[Share, int] = {}
        for topic, own in groupby(shares, key=lambda share: share.topic):
            partitions = [share.partition for share in own]
            committed = committed_offsets(self._client, topic, partitions, patience_s=0)
            done |= {Share(topic, partition): committed.get(partition, _NOTHING) for partition in partitions}
        return done

    def _at(self, shares: Iterable[Share], time: int) -> dict[Share, int]:
        return _offsets(self._client.offsets_for_times(_partitions(shares, time), _TIMEOUT_S))


class LagWatch:
    """Looks every ten seconds, in a thread of its own, so that Kafka's silence holds up nothing else.

    Args:
        lag: Asked.
        shares: Which partitions are ours.
        told: Gets the answers.
        silent: Called when there is none.
        every_s: Between two looks.
    """

    def __init__(
        self,
        lag: Lag,
        shares: Callable[[], Iterable[Share]],
        told: Callable[[Standing], None],
        silent: Callable[[], None],
        every_s: float = EVERY_S,
    ) -> None:
        self._every_s = every_s
        self._lag, self._shares, self._told, self._silent = lag, shares, told, silent
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lag", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """Nobody waits for an answer that may not come."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._told(self._lag.look(self._shares()))
            except Unavailable as error:
                _log.warning("%s", error)
                self._silent()
            except Exception:  # noqa: BLE001  without looking, a worker would seem to be well for ever
                _log.exception("looking at the lag")
                self._silent()
            self._stopping.wait(self._every_s)
        self._lag.close()


def _partitions(shares: Iterable[Share], offset: int = 0) -> list[TopicPartition]:
    return [TopicPartition(share.topic, share.partition, offset) for share in shares]


def _offsets(told: Iterable[TopicPartition]) -> dict[Share, int]:
    """Raises KafkaException if one of the partitions could not be told."""
    offsets: dict[Share, int] = {}
    for one in told:
        if one.error is not None:
            raise KafkaException(one.error)
        offsets[Share(one.topic, one.partition)] = one.offset
    return offsets
