"""An address to listen at: read from an option, and refused with a reason that a person can act on."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from schemas.errors import UsageError

OPTION: Final = "--metrics-address"
_BACKLOG: Final = 64
_PORTS: Final = 65_536


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen.

    Attributes:
        host: A name or an address of this machine.
        port: 0 for any that is free.
    """

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """From HOST:PORT, with the host in brackets if it has colons itself; raises UsageError."""
        host, colon, port = text.strip().rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if not colon or not host.strip("[]") or (":" in host and not bracketed):
            raise UsageError(f"{OPTION} {text}: write HOST:PORT, for example 127.0.0.1:9464 or [::1]:9464")
        if not (port.isascii() and port.isdigit() and int(port) < _PORTS):
            raise UsageError(f"{OPTION} {text}: the port is a number from 0 (any that is free) to {_PORTS - 1}")
        return cls(host[1:-1] if bracketed else host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@contextmanager
def listening(address: Address) -> Iterator[socket.socket]:
    """A socket that listens for the time of the block; raises UsageError if it cannot."""
    try:
        listener = _listener(address)
    except socket.gaierror as error:
        raise UsageError(f"{OPTION} {address}: nobody knows the host ({error.strerror}); give an address") from error
    except OSError as error:
        raise UsageError(f"{OPTION} {address}: {_advice(error, address.port)}") from error
    with listener:
        yield listener


def _listener(address: Address) -> socket.socket:
    passive = socket.AI_PASSIVE
    family, *_, target = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=passive)[0]
    both = family == socket.AF_INET6 and address.host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server(target[:2], family=family, backlog=_BACKLOG, dualstack_ipv6=both)


def _advice(error: OSError, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} is in use; give another, or end what listens there (`ss -ltnp 'sport = :{port}'`)"
        case errno.EADDRNOTAVAIL:
            return "this machine has no such address; give one of its own, or 127.0.0.1"
        case errno.EACCES:
            return f"port {port} needs privileges; give one from 1024"
        case _:
            return f"cannot be listened at ({error.strerror})"
