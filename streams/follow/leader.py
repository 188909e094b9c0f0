"""Which of several instances publishes: a coordination.k8s.io Lease, judged by one monotonic clock of our own.

A lease that nobody renews for its duration is free: how long that is, is measured here from when it was last seen to
change, so clocks of other machines do not matter (client-go's leaderelection does the same).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from schemas.records import Millis
from streams.objects import fields

DURATION_S: Final = 15
"""A lease that is not renewed for so long is free."""
DEADLINE_S: Final = 10.0
"""A holder that could not renew for so long stops writing, before anybody else may begin."""
RETRY_S: Final = 2.0
"""Between two looks at the lease."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A lease as the server has it.

    Attributes:
        holder: Its holder; empty if it is free.
        duration_s: How long it lasts without being renewed.
        transitions: How often it changed hands.
        version: Of the object.
        acquired: As the holder wrote it.
    """

    holder: str
    duration_s: int
    transitions: int
    version: str
    acquired: str


@dataclass(frozen=True, slots=True)
class Observed:
    """What is known of the lease.

    Attributes:
        lease: None if there is none.
        since: When it was first seen like this, monotonic seconds.
    """

    lease: Seen | None
    since: float


def seen(source: Mapping[str, Any]) -> Seen:
    """A Lease object; raises BadObject."""
    return Seen(
        holder=fields.text(source, "spec.holderIdentity"),
        duration_s=fields.number(source, "spec.leaseDurationSeconds"),
        transitions=fields.number(source, "spec.leaseTransitions"),
        version=fields.text(source, "metadata.resourceVersion"),
        acquired=fields.text(source, "spec.acquireTime"),
    )


def observed(before: Observed | None, lease: Seen | None, now: float) -> Observed:
    """After another look: the time goes on only while nothing changes."""
    return before if before is not None and before.lease == lease else Observed(lease, now)


def may_take(what: Observed, me: str, now: float) -> bool:
    """Whether the lease is mine, or free."""
    lease = what.lease
    return lease is None or lease.holder in {"", me} or now - what.since > lease.duration_s


def written(namespace: str, name: str, lease: Seen | None, me: str, now: Millis) -> dict[str, Any]:
    """The Lease with which I take or renew it; an empty `me` gives it back."""
    moment = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    mine = lease is not None and lease.holder == me
    changes = 0 if lease is None else lease.transitions + (me not in {"", lease.holder})
    spec = {
        "holderIdentity": me,
        "leaseDurationSeconds": DURATION_S if me else 1,
        "acquireTime": lease.acquired if lease is not None and lease.acquired and (mine or not me) else moment,
        "renewTime": moment,
        "leaseTransitions": changes,
    }
    metadata = {
        "namespace": namespace,
        "name": name,
        **({"resourceVersion": lease.version} if lease is not None else {}),
    }
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
