"""Selectors tell labels apart only so far: labels that meet the same selectors are one class, and classes are few.

A selector is a conjunction of terms, each of one key. So the classes of all label sets there could be are found key by
key, without trying all combinations of values.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.records import Labels, labels_of
from synthesizer.evaluator.match import holds, selects
from synthesizer.evaluator.model import Requirement, Selector

MOST: Final = 2_000
"""Classes of one namespace; selectors with more are not told apart completely."""
_OTHER: Final = "any-other-value"


@dataclass(frozen=True, slots=True)
class LabelClasses:
    """The classes of one list of selectors.

    Attributes:
        examples: The fewest labels of each class, by the selectors that they meet (bit n: selector n).
        complete: Whether these are all classes there can be.
    """

    examples: Mapping[int, Labels]
    complete: bool


def met_by(labels: Labels, selectors: Sequence[Selector]) -> int:
    """The class of the labels."""
    return sum(1 << index for index, selector in enumerate(selectors) if selects(selector, labels))


def classes_of(selectors: Sequence[Selector], always: Labels = ()) -> LabelClasses:
    """All classes of labels.

    Args:
        selectors: What tells labels apart.
        always: Labels that all of them carry.
    """
    terms = _terms(selectors)
    fixed = dict(always)
    found: dict[int, dict[str, str]] = {(1 << len(selectors)) - 1: {}}
    complete = True
    for key in sorted(terms):
        values = (fixed[key],) if key in fixed else (None, *_values(terms[key]), _other(terms[key]))
        masks = {value: _mask(terms[key], key, value, len(selectors)) for value in values}
        refined: dict[int, dict[str, str]] = {}
        for met, labels in found.items():
            for value, mask in masks.items():
                refined.setdefault(met & mask, labels if value is None else {**labels, key: value})
        complete = complete and len(refined) <= MOST
        found = dict(list(refined.items())[:MOST])
    return LabelClasses({met: labels_of(labels) for met, labels in found.items()}, complete)


def _terms(selectors: Sequence[Selector]) -> Mapping[str, list[tuple[int, Requirement]]]:
    terms: dict[str, list[tuple[int, Requirement]]] = defaultdict(list)
    for index, selector in enumerate(selectors):
        for term in selector:
            terms[term.key].append((index, term))
    return terms


def _values(terms: Iterable[tuple[int, Requirement]]) -> list[str]:
    return sorted({value for _, term in terms for value in term.values})


def _other(terms: Iterable[tuple[int, Requirement]]) -> str:
    taken = set(_values(terms))
    return next(name for name in (_OTHER + "-" * count for count in range(len(taken) + 1)) if name not in taken)


def _mask(terms: Iterable[tuple[int, Requirement]], key: str, value: str | None, count: int) -> int:
    """The selectors that the value leaves possible."""
    labels = {} if value is None else {key: value}
    mask = (1 << count) - 1
    for index, term in terms:
        if not holds(term, labels):
            mask &= ~(1 << index)
    return mask
