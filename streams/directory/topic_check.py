"""Whether the topic that is followed is still the one that it was: librdkafka itself waits for ever for a topic."""

import logging
import time
from typing import Final

from schemas.errors import TopicMissing, Unavailable
from schemas.kafka import Consumer, KafkaException

_log = logging.getLogger(__name__)
_EVERY_S: Final = 10.0
_TIMEOUT_S: Final = 5.0


class TopicCheck:
    """Looks every ten seconds.

    Args:
        topic: Its full name.
        partitions: How many it had.
    """

    def __init__(self, topic: str, partitions: int) -> None:
        self._topic, self._partitions = topic, partitions
        self._looked = time.monotonic()

    def due(self, client: Consumer) -> None:
        """Look if it is time to; Kafka's silence is no answer.

        Raises:
            TopicMissing: The topic is gone.
            Unavailable: It has another number of partitions, so that some are not read.
        """
        if time.monotonic() - self._looked < _EVERY_S:
            return
        try:
            found = client.list_topics(self._topic, _TIMEOUT_S).topics[self._topic]
        except KafkaException as error:
            _log.warning("looking for %s: %s", self._topic, error.args[0].str())
            return
        finally:
            self._looked = time.monotonic()
        if found.error is not None or not found.partitions:
            raise TopicMissing(
                f"{self._topic} is gone. Run `network-policy topics` to create it, then start `follow` again."
            )
        if len(found.partitions) != self._partitions:
            raise Unavailable(
                f"{self._topic} has {len(found.partitions)} partitions now, not {self._partitions}: start again"
            )
