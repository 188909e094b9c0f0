"""What the API server may answer instead of what it was asked for, by what is to be done about it.

Answer
├── Gone       the version asked for is too old: list again
├── Missing    there is no such object, or no such kind
├── Conflict   somebody else changed it meanwhile
├── Denied     credentials are refused (401), or do not allow it (403)
├── Doubted    it may not be the whole truth: ask again
└── Away       it cannot be reached, is too busy, or broke off: try again later
"""

from typing import Final

MANIFEST: Final = "deploy/manifests/follow-rbac.yaml"
NAMESPACED_MANIFEST: Final = "deploy/manifests/follow-rbac-namespaced.yaml"


class Answer(Exception):  # noqa: N818  an answer that the watch acts on, not a failure of the program
    """The text says what the server said; `reason` is one word for metrics, `after_s` how long to wait at least."""

    reason = "error"
    after_s = 0.0


def lease_denial(answer: Answer, namespace: str, name: str) -> str:
    """What to do where the lease may not be taken."""
    return (
        f"no permission to keep the lease {namespace}/{name} ({answer}). Apply {MANIFEST} in that namespace "
        f"({NAMESPACED_MANIFEST} with --namespaces), name another (--lease NAMESPACE/NAME), or run without one, alone "
        "(--no-lease)"
    )


class Gone(Answer):
    """410: the version or the page token is older than the server remembers."""

    reason = "expired"


class Missing(Answer):
    """404."""

    reason = "missing"


class Conflict(Answer):
    """409."""

    reason = "conflict"


class Denied(Answer):
    """401 or 403.

    Args:
        text: What the server said.
        status: 401 or 403.
    """

    reason = "denied"

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class Away(Answer):
    """No answer, or one that another attempt may better.

    Args:
        text: What happened.
        reason: unreachable, timeout, broken, busy or server_error.
        after_s: How long the server wants to be left alone, 0 if it does not say.
    """

    def __init__(self, text: str, reason: str, after_s: float = 0.0) -> None:
        super().__init__(text)
        self.reason = reason
        self.after_s = after_s


class Doubted(Answer):
    """A list lacks so much of what there was that it is believed only if it comes again."""

    reason = "doubted"
    after_s = 10.0


REASONS: Final = (
    "ended", "expired", "missing", "conflict", "denied", "doubted", "unreachable", "timeout", "broken", "busy",
    "server_error",
)  # fmt: skip
"""Why a watch is begun again; `ended` is the server's own time limit."""
SILENT: Final = frozenset({"unreachable", "timeout", "broken"})
"""Those where there may be no server at all."""
