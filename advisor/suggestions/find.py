"""Which workload a person means by a short form of its name."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from schemas.errors import NetpolError, UsageError
from schemas.records import WorkloadRef

_SHORT: Final = {
    "deploy": "deployment",
    "sts": "statefulset",
    "ds": "daemonset",
    "cj": "cronjob",
    "rs": "replicaset",
    "po": "pod",
}
"""kubectl's short names of kinds."""
_SHOWN: Final = 10


class UnknownWorkload(NetpolError):  # noqa: N818  the answer is no
    """No workload has the name: exit code 1."""


def find(text: str, known: Iterable[WorkloadRef], gone: Iterable[WorkloadRef] = ()) -> WorkloadRef:
    """The one workload that the text names.

    Args:
        text: `namespace/kind/name`, or a part of it that is unique: `name`, `namespace/name` or `kind/name`. A kind is
            written in any case, or short as kubectl has it.
        known: The workloads to choose from.
        gone: Those that were there, for the error.

    Raises:
        UsageError: The text is no such form, or there are several; then they are named.
        UnknownWorkload: There is none; those of similar names are named.
    """
    parts = tuple(text.split("/"))
    if not all(parts) or len(parts) > 3:  # noqa: PLR2004  namespace, kind, name
        raise UsageError(f"workload {text!r}: write namespace/kind/name, namespace/name, kind/name or name")
    workloads = sorted(known)
    found = [ref for ref in workloads if _named(parts, ref)]
    if len(found) > 1:
        raise UsageError(f"{text} may be any of {_listed(found)}; write one of these")
    if not found:
        raise UnknownWorkload(_unknown(text, parts, workloads, gone))
    return found[0]


def _named(parts: tuple[str, ...], ref: WorkloadRef) -> bool:
    match parts:
        case (namespace, kind, name):
            return (namespace, _kind(kind), name) == (ref.namespace, ref.kind.lower(), ref.name)
        case (first, name):
            return name == ref.name and (first == ref.namespace or _kind(first) == ref.kind.lower())
        case _:
            return parts == (ref.name,)


def _kind(text: str) -> str:
    lower = text.lower()
    return _SHORT.get(lower, lower.removesuffix("s"))


def _unknown(text: str, parts: tuple[str, ...], workloads: list[WorkloadRef], gone: Iterable[WorkloadRef]) -> str:
    left = sorted(ref for ref in gone if _named(parts, ref))
    if left:
        return f"no suggestion of {text}: {_listed(left)} is gone, and its suggestion was withdrawn"
    if not workloads:
        return f"no suggestion of {text}: there is none of any workload"
    names = sorted({ref.name for ref in workloads})
    like = [name for name in names if parts[-1] in name]
    similar = [name for name in get_close_matches(parts[-1], names, _SHOWN) if name not in like]
    near = [ref for name in (*like, *similar) for ref in workloads if ref.name == name]
    said = f"did you mean {_listed(near)}?" if near else "`network-policy status` lists those that have one"
    return f"no suggestion of {text}; {said}"


def _listed(refs: list[WorkloadRef]) -> str:
    more = f" and {len(refs) - _SHOWN} more" if len(refs) > _SHOWN else ""
    return ", ".join(str(ref) for ref in refs[:_SHOWN]) + more
