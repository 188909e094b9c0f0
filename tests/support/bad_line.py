"""A TCP connection to a server that can be made to break or to fall silent."""

import selectors
import socket
import threading
from contextlib import contextmanager, suppress

_POLL_S = 0.05


class BadLine:
    """Passes bytes on to a port of 127.0.0.1; `port` is where to connect to."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.down = False
        """While true, new connections are closed at once."""
        self._silenced: list[socket.socket] = []
        self._lock = threading.Lock()
        self._peers: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def cut(self) -> None:
        """Break every connection; new ones are served."""
        with self._lock:
            for one in list(self._peers):
                self._close(one)

    def silence(self) -> None:
        """Pass nothing on in the connections there are, and break none; new ones are served."""
        with self._lock:
            for one in list(self._peers):
                self._selector.unregister(one)
            self._silenced += self._peers
            self._peers.clear()

    def stop(self) -> None:
        """End the thread and all connections."""
        self._end.set()
        self._thread.join()
        self.cut()
        for one in self._silenced:
            one.close()
        self._listener.close()
        self._selector.close()

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def _run(self) -> None:
        while not self._end.is_set():
            for key, _ in self._selector.select(_POLL_S):
                with self._lock:
                    self._accept() if key.fileobj is self._listener else self._pass_on(key.fileobj)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        try:
            if self.down:
                raise ConnectionRefusedError
            far = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            near.close()
            return
        for one, other in ((near, far), (far, near)):
            self._peers[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, one: socket.socket) -> None:
        if one not in self._peers:
            return
        try:
            data = one.recv(65536)
            if data:
                self._peers[one].sendall(data)
                return
        except OSError:
            pass  # either end is gone: so is the connection
        self._close(one)

    def _close(self, one: socket.socket) -> None:
        other = self._peers.pop(one, None)
        if other is None:
            return
        self._peers.pop(other, None)
        for end in (one, other):
            with suppress(KeyError, ValueError):  # it was not registered
                self._selector.unregister(end)
            end.close()


@contextmanager
def bad_line(target: int):
    """A line for the time of the block."""
    line = BadLine(target)
    line.start()
    try:
        yield line
    finally:
        line.stop()
