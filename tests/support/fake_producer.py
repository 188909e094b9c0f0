"""A producer that fails as it is told, and batches to give it."""

from collections import deque

from schemas.framing import Reader
from schemas.records import Basis, Connection, ConnectionBatch, Connections, Protocol, Role


class FakeProducer:
    """Answers each message in turn with the outcome that the test has put in `outcomes`, or with success."""

    def __init__(self):
        self.delivered = []
        self.raises = deque()
        self.outcomes = deque()
        self.queue = deque()
        self.away = False

    def produce(self, _topic, *, key, value, on_delivery):
        error = self.raises.popleft() if self.raises else None
        if error is not None:
            raise error
        self.queue.append((key, value, on_delivery))

    def poll(self, _timeout):
        while self.queue and not self.away:
            _, value, on_delivery = self.queue.popleft()
            error = self.outcomes.popleft() if self.outcomes else None
            if error is None:
                self.delivered.append(Reader(ConnectionBatch)(value).sequence)
            on_delivery(error, None)


def batch_of(sequence, count=10):
    edge = Connection(
        role=Role.CLIENT,
        basis=Basis.CONNECT,
        protocol=Protocol.TCP,
        local_address=b"\x0a\x01\x01\x01",
        remote_address=b"\x0a\x01\x01\x02",
        port=80,
        established=True,
        count=count,
        first_seen=0,
        last_seen=0,
    )
    return ConnectionBatch("c", "n", "b", sequence, 0, 1, Connections.of([edge], 0))
