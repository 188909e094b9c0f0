"""Sets of ends and of ports as a person reads them: whole before its parts, few names, and how many more."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from schemas.records import Labels
from synthesizer.evaluator.model import Outside, Pod
from synthesizer.evaluator.space import EndClass, Space

_MOST_LEFT_OUT = 3


def ends_words(space: Space, chosen: Collection[int]) -> tuple[str, ...]:
    """The ends: all of a namespace as such, or all but few."""
    if len(chosen) == len(space.ends):
        return ("anyone",)
    pods = {index for index, one in enumerate(space.ends) if isinstance(one.end, Pod)}
    if pods <= set(chosen):
        return ("any pod", *_addresses(space, set(chosen) - pods))
    return (*_pods(space, pods & set(chosen)), *_addresses(space, set(chosen) - pods))


def ports_words(space: Space, spans: Collection[int]) -> tuple[str, ...]:
    """The ports, by protocol: all, all but few, or these."""
    if len(spans) == len(space.ports):
        return ("every port",)
    return tuple(word for protocol in ("TCP", "UDP", "SCTP") for word in _of_protocol(space, spans, protocol))


def _pods(space: Space, chosen: set[int]) -> Iterator[str]:
    by_namespace: dict[str, list[int]] = defaultdict(list)
    for index, one in enumerate(space.ends):
        if isinstance(one.end, Pod):
            by_namespace[one.end.namespace].append(index)
    strangers = {index for index, one in enumerate(space.ends) if one.stranger}
    if strangers <= chosen:
        yield "all pods of other namespaces"
    for namespace, members in by_namespace.items():
        if strangers.issuperset(members) and strangers <= chosen:
            continue
        found, missing = [one for one in members if one in chosen], [one for one in members if one not in chosen]
        if found and not missing:
            yield f"all pods of {_place(space, namespace)}"
            continue
        shown, left_out = _plainest(space, found), _plainest(space, missing)
        if len(left_out) <= min(_MOST_LEFT_OUT, len(shown) - 1):
            names = ", ".join(name for one in left_out for name in _names(space, one))
            yield f"all pods of {_place(space, namespace)} but {names}"
        else:
            yield from (name for one in shown for name in _names(space, one))


def _plainest(space: Space, members: list[int]) -> list[int]:
    """Without those that only might be and have another's labels and more: pods that two selectors meet at once."""
    labels = {index: set(end.labels) for index in members if isinstance(end := space.ends[index].end, Pod)}
    return [
        index
        for index in members
        if space.ends[index].known or not any(each < labels[index] and each for each in labels.values())
    ]


def _names(space: Space, index: int) -> Iterator[str]:
    one = space.ends[index]
    if not isinstance(one.end, Pod):
        return
    for name in one.known:
        alike = sum(name in other.known for other in space.ends)
        yield name if alike == 1 else f"{name} ({_labels(one.end.labels) or 'other labels'})"
    if not one.known:
        labels = _labels(one.end.labels)
        place = _place(space, one.end.namespace)
        yield f"pods {labels} of {place}" if labels else f"other pods of {place}"


def _place(space: Space, namespace: str) -> str:
    strange = any(one.stranger and isinstance(one.end, Pod) and one.end.namespace == namespace for one in space.ends)
    if not strange:
        return namespace
    labels = _labels(space.namespaces.get(namespace, ()))
    return f"namespaces with {labels}" if labels else "other namespaces"


def _addresses(space: Space, chosen: set[int]) -> Iterator[str]:
    every = [index for index, one in enumerate(space.ends) if isinstance(one.end, Outside)]
    missing = [index for index in every if index not in chosen]
    if chosen and not missing:
        yield "any address"
    elif chosen and len(missing) < min(len(chosen), _MOST_LEFT_OUT + 1):
        yield f"any address but {', '.join(_address(space.ends[index]) for index in missing)}"
    else:
        yield from (_address(space.ends[index]) for index in every if index in chosen)


def _address(one: EndClass) -> str:
    if one.addresses is None:
        return ""
    left_out = " ".join(map(str, one.addresses.outside))
    return f"{one.addresses.inside} but {left_out}" if left_out else str(one.addresses.inside)


def _labels(labels: Labels) -> str:
    return " ".join(f"{key}={value}" for key, value in labels)


def _of_protocol(space: Space, spans: Collection[int], protocol: str) -> Iterator[str]:
    own = [index for index, span in enumerate(space.ports) if span.protocol == protocol]
    found = [index for index in own if index in spans]
    missing = [index for index in own if index not in spans]
    if found and not missing:
        yield f"{protocol} all ports"
    elif found and len(missing) <= _MOST_LEFT_OUT < len(found):
        yield f"{protocol} all ports but {', '.join(_joined(space, missing))}"
    elif found:
        yield from (f"{protocol} {text}" for text in _joined(space, found))


def _joined(space: Space, spans: Iterable[int]) -> Iterator[str]:
    """Spans that follow one another as one; a number that stands for a name under that name."""
    runs: list[tuple[int, int]] = []
    for span in (space.ports[index] for index in spans):
        name = next((text for (_, number), text in space.port_names.items() if number == span.first), "")
        if name:
            yield f"named {name}"
        elif runs and runs[-1][1] + 1 == span.first:
            runs[-1] = (runs[-1][0], span.last)
        else:
            runs.append((span.first, span.last))
    for first, last in runs:
        yield str(first) if first == last else f"{first}-{last}"
