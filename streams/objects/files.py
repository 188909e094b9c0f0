"""Kubernetes objects from files, as `kubectl get -o yaml` prints them: a List, many documents, YAML or JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from schemas.errors import UsageError, one_line
from schemas.records import InventoryObject
from streams.objects import fields
from streams.objects.facts import facts_object, facts_of, service_cidrs
from streams.objects.slim import slim, slim_endpoints

_DEEPEST: Final = 500
_UNMAKEABLE: Final = (ValueError, ArithmeticError, LookupError, AttributeError, TypeError, RecursionError)
"""What PyYAML raises for a scalar that is not what its tag says, and Python for a number that is too long."""

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]  # the C loader has no stub
    """Times stay text, as the Kubernetes API has them."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}


def load_objects(paths: Iterable[Path], cluster: str) -> tuple[InventoryObject, ...]:
    """All objects that play a part, slim, and the cluster's facts that follow from them.

    Raises:
        UsageError: A file cannot be read or is no YAML, or a document is no Kubernetes object; the text names the
            file, the document and the field.
    """
    found: dict[str, InventoryObject] = {}
    ranges: list[str] = []
    for where, source in _documents(paths):
        try:
            found.update((item.key, item) for item in _slim(source, cluster))
            ranges += service_cidrs(source) if source.get("kind") == "ServiceCIDR" else ()
        except fields.BadObject as error:
            raise UsageError(f"{where}: {error}") from error
    return (*found.values(), facts_object(facts_of(found.values(), ranges), cluster))


def _slim(source: Mapping[str, Any], cluster: str) -> tuple[InventoryObject, ...]:
    if source.get("kind") == "Endpoints":
        return slim_endpoints(source, cluster)
    item = slim(source, cluster)
    return () if item is None else (item,)


def _documents(paths: Iterable[Path]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path in paths:
        for number, document in enumerate(_parsed(path), start=1):
            if document is None:
                continue
            where = f"{path}, document {number}"
            if not isinstance(document, Mapping) or "kind" not in document:
                raise UsageError(f"{where}: not a Kubernetes object, it has no kind")
            yield from _members(where, document)


def _members(where: str, document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    kind = document["kind"]
    members = document.get("items")
    if not isinstance(kind, str) or not kind.endswith("List") or not isinstance(members, list):
        yield where, document
        return
    for index, member in enumerate(members):
        if not isinstance(member, Mapping):
            raise UsageError(f"{where}, item {index}: not a Kubernetes object")
        yield f"{where}, item {index}", {"kind": kind.removesuffix("List"), **member}


def _parsed(path: Path) -> Iterator[Any]:
    number = 1
    try:
        text = path.read_bytes()
        document = _json(text)
        if document is not None:
            yield document
            return
        _refuse_deep(path, text)
        for document in yaml.load_all(text, Loader=_Loader):
            yield document
            number += 1
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not YAML or JSON: {one_line(error)}") from error
    except _UNMAKEABLE as error:
        raise UsageError(f"{path}, document {number}: a value cannot be read: {str(error)[:200]}") from error


def _json(text: bytes) -> Any:
    """The one value of a JSON file, a hundred times as fast as from YAML; None if it is none, and YAML has to tell."""
    if not text.lstrip().startswith(b"{") or b"\\ud" in text.lower():  # halves of characters: YAML refuses them
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _refuse_deep(path: Path, text: bytes) -> None:
    """The loader recurses, in C without a limit; the parser's events do not."""
    depth = number = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        number += isinstance(event, yaml.DocumentStartEvent)
        if depth > _DEEPEST:
            raise UsageError(f"{path}, document {number}: nested deeper than {_DEEPEST} levels, no Kubernetes object")
