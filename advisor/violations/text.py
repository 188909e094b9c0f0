"""Violations for a person, and for programs."""

from collections.abc import Iterable
from typing import Any, Final

from rich import box
from rich.table import Table

from advisor.recorded.fields import iso
from advisor.violations.standing import Refused
from schemas.records import Verdict
from synthesizer.peers import spoken, spoken_edge

_HEADINGS: Final = ("workload", "edge", "seen", "windows", "last seen", "policies in force", "suggestion")


def table_of(rows: Iterable[Refused]) -> Table:
    """One row for each edge."""
    made = Table(box=box.SIMPLE_HEAD, show_edge=False)
    for heading in _HEADINGS:
        made.add_column(heading, overflow="fold")
    for row in rows:
        one = row.newest
        seen = f"{row.connections:,}" if row.connections else "open" if not one.attempt else f"{row.attempts:,} tried"
        verdicts = (_said(one.deployed, refused=row.by_deployed), _said(one.suggested, refused=row.by_suggested))
        made.add_row(
            str(one.workload.ref), spoken_edge(one.edge), seen, str(row.windows), iso(one.edge.last_seen), *verdicts
        )
    return made


def document_of(cluster: str, rows: Iterable[Refused]) -> dict[str, Any]:
    """Plain values; times in UTC."""
    return {"cluster": cluster, "violations": [_violation(row) for row in rows]}


def _violation(row: Refused) -> dict[str, Any]:
    one = row.newest
    return {
        "workload": {"namespace": one.workload.namespace, "kind": one.workload.kind, "name": one.workload.name},
        "role": one.edge.role.value.lower(),
        "peer": spoken(one.edge.peer),
        "protocol": one.edge.protocol.value,
        "port": one.edge.port,
        "attempt": one.attempt,
        "connections": row.connections,
        "attempts": row.attempts,
        "windows": row.windows,
        "last_window": {"start": iso(one.start), "end": iso(one.end), "identity": one.identity},
        "last_seen": iso(one.edge.last_seen),
        "refused_by": [
            name for name, refused in (("deployed", row.by_deployed), ("suggested", row.by_suggested)) if refused
        ],
        "deployed": _verdict(one.deployed),
        "suggested": _verdict(one.suggested),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {"allowed": verdict.allowed, "policy": verdict.policy, "rule": verdict.rule}


def _said(verdict: Verdict, *, refused: bool) -> str:
    if verdict.allowed:
        admitted = f"admitted by {verdict.policy}\n{verdict.rule}" if verdict.policy else verdict.rule
        return f"REFUSED in earlier windows\nnow: {admitted}" if refused else admitted
    return f"REFUSED by {verdict.policy}\n{verdict.rule}"
