"""Which form a line has, told by its fields."""

from collections.abc import Callable
from typing import Final

from advisor.recorded.enriched import parse_enriched
from advisor.recorded.fields import Json
from advisor.recorded.inspektor_gadget import (
    is_message,
    is_nested_trace_network,
    is_tcptracer,
    is_trace_network,
    parse_message,
    parse_nested_trace_network,
    parse_tcptracer,
    parse_trace_network,
)
from advisor.recorded.model import RawLine, Recorded
from collector.recorded import parse_raw
from schemas.codec import BadRecord


def _is_enriched(obj: Json) -> bool:
    return "workload" in obj and "peer" in obj


def _is_raw(obj: Json) -> bool:
    return "local_address" in obj or "remote_address" in obj


def _parse_raw(obj: Json) -> RawLine:
    node, connection = parse_raw(obj)
    return RawLine(node, connection)


FORMS: Final[tuple[tuple[Callable[[Json], bool], Callable[[Json], Recorded]], ...]] = (
    (_is_enriched, parse_enriched),
    (is_message, parse_message),
    (_is_raw, _parse_raw),
    (is_tcptracer, parse_tcptracer),
    (is_nested_trace_network, parse_nested_trace_network),
    (is_trace_network, parse_trace_network),
)
"""Each form's mark and its parser, tried in this order."""


def parse(obj: Json) -> Recorded:
    """What the line says; raises BadRecord with the reason if it is of no known form or breaks its form's rules."""
    for belongs, parser in FORMS:
        if belongs(obj):
            return parser(obj)
    raise BadRecord(f"no known form has the fields {', '.join(sorted(obj)[:8]) or '(none)'}")
