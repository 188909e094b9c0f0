"""NetworkPolicies from files and directories; what is wrong is named with file, document and field."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from advisor.policies.model import PolicySet, Stored
from schemas.errors import UsageError, one_line
from synthesizer.evaluator.fields import BadPolicy
from synthesizer.evaluator.reader import documents_of, policy_of
from synthesizer.evaluator.strict import unknown_fields

_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
_KUSTOMIZATION: Final = frozenset({"kustomization.yaml", "kustomization.yml"})
_OTHER_POLICIES: Final = frozenset(
    {"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "GlobalNetworkPolicy", "AdminNetworkPolicy",
     "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"}
)  # fmt: skip


def policies_of_files(paths: Iterable[Path]) -> PolicySet:
    """The NetworkPolicies of files, and of all YAML and JSON files below directories.

    Objects of other kinds are left out and counted in the notes.

    Raises:
        UsageError: Something cannot be read, is no object or no valid policy, or two policies have one name.
    """
    given = tuple(paths)
    others: Counter[str] = Counter()
    found: list[Stored] = []
    for path in (file for one in given for file in _files(one)):
        for where, document in _documents(path):
            if document["kind"] == "NetworkPolicy":
                found.append(stored_of(document, f"{path}, {where}"))
            else:
                others[document["kind"]] += 1
    return PolicySet(", ".join(map(str, given)), unique(found), tuple(_notes(others)))


def stored_of(document: Mapping[str, Any], place: str) -> Stored:
    """The policy of an object as a file has it; raises UsageError that names the place and the field."""
    try:
        policy = policy_of(document)
    except BadPolicy as error:
        raise UsageError(f"{place}: {error}") from error
    unknown = next(unknown_fields(document), "")
    if unknown:
        raise UsageError(f"{place}: {unknown}")
    return Stored(policy, document, place)


def unique(found: Iterable[Stored]) -> tuple[Stored, ...]:
    """Sorted by namespace and name; raises UsageError if two have both alike, for a cluster would keep one of them."""
    known: dict[str, Stored] = {}
    for one in found:
        before = known.setdefault(one.name, one)
        if before is not one:
            raise UsageError(f"{one.place}: the NetworkPolicy {one.name} is in {before.place} too; remove one of them")
    return tuple(known[name] for name in sorted(known))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = (one for one in path.rglob("*") if one.suffix in _SUFFIXES and one.name not in _KUSTOMIZATION)
    return sorted(one for one in found if one.is_file() and not one.name.startswith("."))


def _documents(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        yield from documents_of(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text: {error.reason} at byte {error.start}") from error
    except BadPolicy as error:
        raise UsageError(f"{path}, {one_line(error)}") from error


def _notes(others: Mapping[str, int]) -> Iterator[str]:
    if others:
        counted = ", ".join(f"{count} {kind}" for kind, count in sorted(others.items()))
        yield f"objects that are no NetworkPolicy are left out: {counted}"
    alien = sorted(_OTHER_POLICIES.intersection(others))
    if alien:
        yield f"{', '.join(alien)} may admit or refuse more than is said here: only NetworkPolicies are judged"
