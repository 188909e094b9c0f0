"""What Kafka must know before the first record: said while the kernel is watched already, until Kafka has taken it."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from schemas.errors import BrokerRefuses, BrokerUnavailable
from schemas.kafka import KafkaSettings, require_topics
from schemas.records import ConnectionBatch
from schemas.schema_store import SchemaStore
from schemas.topics import CONNECTIONS

LOG: Final = logging.getLogger(__name__)
_AGAIN_S: Final = 5.0


def announce(kafka: KafkaSettings, store: SchemaStore) -> None:
    """See to it that the topic is there and that readers know the schema; raises Unavailable."""
    require_topics(kafka, [CONNECTIONS])
    store.publish([ConnectionBatch])


class Opening:
    """Tries in a thread of its own until it succeeds, or until waiting cannot help.

    Args:
        attempt: Raises BrokerUnavailable while nobody answers, and other errors for what stays wrong.
        again_s: Seconds between two attempts.
    """

    def __init__(self, attempt: Callable[[], None], again_s: float = _AGAIN_S) -> None:
        self._attempt, self._again_s = attempt, again_s
        self._stopped, self._opened = threading.Event(), threading.Event()
        self._failure: Exception | None = None
        threading.Thread(target=self._until_open, name="opening", daemon=True).start()

    def __call__(self) -> bool:
        """Whether Kafka is ready for records; raises what waiting cannot mend."""
        if self._failure is not None:
            raise self._failure
        return self._opened.is_set()

    def stop(self) -> None:
        """Try no more."""
        self._stopped.set()

    def _until_open(self) -> None:
        tries = 0
        while not self._stopped.is_set():
            try:
                self._attempt()
            except BrokerRefuses as error:
                self._failure = error
                return
            except BrokerUnavailable as error:
                tries += 1
                LOG.log(logging.DEBUG if tries > 1 else logging.WARNING, "connections wait in the spool: %s", error)
            except Exception as error:  # noqa: BLE001  the program's own thread raises it again
                self._failure = error
                return
            else:
                self._opened.set()
                if tries:
                    LOG.warning("Kafka answers now; what has waited is sent")
                return
            self._stopped.wait(self._again_s)
