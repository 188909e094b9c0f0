"""Errors that end a program, by exit code.

NetpolError
├── UsageError        2  an option, a file or a setting is wrong
└── Unavailable       3  something needed is missing: a broker, a topic, a privilege, a kernel feature
    ├── BrokerUnavailable
    │   └── BrokerRefuses
    ├── TopicMissing
    └── KernelUnavailable

What is wrong with one record is never an exception that leaves a program: see `schemas.records.deadletter`.
"""

from typing import ClassVar


def one_line(text: object) -> str:
    """What another said, such as a library's error, for the text of ours: its spaces and line ends become one space."""
    return " ".join(str(text).split())


class NetpolError(Exception):
    """An error that a person can act on; its text says how."""

    exit_code: ClassVar[int] = 1


class UsageError(NetpolError):
    """An option, a file or a setting is wrong; the text names it."""

    exit_code = 2


class Unavailable(NetpolError):  # noqa: N818  a state of the world, not a mistake of the caller
    """Something the program needs is not there; trying again later may help."""

    exit_code = 3


class BrokerUnavailable(Unavailable):
    """No Kafka broker answered at the configured addresses."""


class BrokerRefuses(BrokerUnavailable):
    """A broker answered, and there is no trust: a password or a certificate is wrong; waiting does not help."""


class TopicMissing(Unavailable):
    """A topic of the table does not exist, or differs from it."""


class KernelUnavailable(Unavailable):
    """The kernel or a privilege lacks what a collector needs."""
