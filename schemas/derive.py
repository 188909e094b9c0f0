"""The Avro schema that a record's dataclass stands for.

The files under `avsc/` are what the world reads; `python -m schemas.derive` rewrites them and a test keeps them equal.
"""

import json
import re
import sys
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

from schemas.records.types import AvroType

NAMESPACE = "netpol"
AVSC = Path(__file__).parent / "avsc"

Json = Any
_PRIMITIVES: dict[type, str] = {
    bool: "boolean",
    int: "long",
    float: "double",
    str: "string",
    bytes: "bytes",
    NoneType: "null",
}
_FIELD_DOC = re.compile(r"^ {8}(\w+): (.+(?:\n {12}.+)*)$", re.MULTILINE)


def file_name(record: type) -> str:
    """`ConnectionBatch` is kept in `connection_batch.avsc`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", record.__name__).lower() + ".avsc"


def schema_of(record: type) -> Json:
    """The Avro schema of a record dataclass, as JSON values."""
    return _record(record, set())


def schema_text(record: type) -> str:
    """The bytes of the record's .avsc file."""
    return json.dumps(schema_of(record), indent=2) + "\n"


def type_of(hint: Any) -> Json:
    """The Avro schema of a field's type, on its own."""
    return _type(hint, set())


def _record(record: type, known: set[str]) -> Json:
    if record.__name__ in known:
        return f"{NAMESPACE}.{record.__name__}"
    known.add(record.__name__)
    hints = get_type_hints(record, include_extras=True)
    docs = {name: " ".join(text.split()) for name, text in _FIELD_DOC.findall(record.__doc__ or "")}
    return {
        "type": "record",
        "name": record.__name__,
        "namespace": NAMESPACE,
        "doc": (record.__doc__ or "").strip().split("\n")[0],
        "fields": [_field(part, hints[part.name], docs[part.name], known) for part in fields(record)],
    }


def _field(part: Field[Any], hint: Any, doc: str, known: set[str]) -> Json:
    entry = {"name": part.name, "type": _type(hint, known), "doc": doc}
    if part.default is not MISSING:
        entry["default"] = _default(part.default, hint)
    return entry


def _type(hint: Any, known: set[str]) -> Json:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1], known)
    if origin in (Union, UnionType):
        return [_type(branch, known) for branch in sorted(arguments, key=lambda branch: branch is not NoneType)]
    if origin is tuple:
        return {"type": "array", "items": _type(arguments[0], known)}
    return _named(hint, known)


def _annotated(inner: Any, mark: AvroType, known: set[str]) -> Json:
    if mark.is_map:
        return {"type": "map", "values": _type(get_args(get_args(inner)[0])[1], known)}
    return {"type": _type(inner, known), "logicalType": mark.logical}


def _named(hint: Any, known: set[str]) -> Json:
    if hint in _PRIMITIVES:
        return _PRIMITIVES[hint]
    if is_dataclass(hint):
        return _record(cast("type", hint), known)
    if issubclass(hint, Enum):
        return _enum(hint, known)
    raise TypeError(f"no Avro type for {hint!r}")


def _enum(hint: type[Enum], known: set[str]) -> Json:
    if hint.__name__ in known:
        return f"{NAMESPACE}.{hint.__name__}"
    known.add(hint.__name__)
    return {
        "type": "enum",
        "name": hint.__name__,
        "namespace": NAMESPACE,
        "doc": (hint.__doc__ or "").strip().split("\n")[0],
        "symbols": [symbol.value for symbol in hint],
    }


def _default(value: Any, hint: Any) -> Json:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if is_dataclass(value):
        return _record_default(value)
    if value == () and get_origin(hint) is Annotated:
        return {}
    return [] if value == () else value


def _record_default(value: Any) -> Json:
    hints = get_type_hints(type(value), include_extras=True)
    return {part.name: _default(getattr(value, part.name), hints[part.name]) for part in fields(value)}


def write_all() -> None:
    """Rewrite the .avsc files of all topic records."""
    from schemas.topics import RECORDS  # noqa: PLC0415  topics needs the codec, which needs the files made here

    AVSC.mkdir(exist_ok=True)
    for record in RECORDS:
        (AVSC / file_name(record)).write_text(schema_text(record))
        sys.stdout.write(f"{file_name(record)}\n")


if __name__ == "__main__":
    write_all()
