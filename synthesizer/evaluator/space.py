"""All connections there could be, as far as some policies can tell them apart: classes of ends, and spans of ports."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.records import Labels, Protocol
from synthesizer.evaluator.classes import classes_of, met_by
from synthesizer.evaluator.match import NAME_LABEL, of_namespace
from synthesizer.evaluator.mentions import blocks_of, peers_of, ports_of
from synthesizer.evaluator.model import End, Network, Outside, Pod, PodPort, Policy, PortRule, Selector
from synthesizer.evaluator.spans import HIGHEST_PORT, AddressClass, PortSpan, address_classes, port_spans

_STRANGER: Final = "?"
"""A name that no namespace can have."""


@dataclass(frozen=True, slots=True)
class EndClass:
    """Ends that no rule tells apart.

    Attributes:
        end: One of them.
        known: Names of those that are known; none for what only might be.
        addresses: The addresses, if they are no pods.
        stranger: Pods of namespaces that nobody named; its labels are in `namespaces` of the space.
    """

    end: End
    known: tuple[str, ...] = ()
    addresses: AddressClass | None = None
    stranger: bool = False


@dataclass(frozen=True, slots=True)
class Space:
    """All ends and ports.

    Attributes:
        ends: All classes of ends.
        ports: All spans of ports.
        port_names: Names that stand for a number of their own, with pods of which nothing is known.
        namespaces: Labels of namespaces.
        complete: Whether every two connections that the policies tell apart are in different places.
    """

    ends: tuple[EndClass, ...]
    ports: tuple[PortSpan, ...]
    port_names: Mapping[tuple[Protocol, int], str]
    namespaces: Mapping[str, Labels]
    complete: bool


def space_of(
    policies: Iterable[Policy],
    pods: Mapping[str, Sequence[Pod]],
    namespaces: Mapping[str, Labels],
    guessed: Collection[str] = (),
) -> Space:
    """The space that the policies divide.

    Args:
        policies: All that are compared.
        pods: Pods that are known, by the name of their workload.
        namespaces: Labels of namespaces that are known.
        guessed: Workloads of whose pods only labels are known.
    """
    known = tuple(policies)
    rules = tuple(port for policy in known for port in ports_of(policy))
    invented = _invented(rules, pods)
    numbers = {(port.protocol, port.number) for port in _declared(rules, pods)}
    spans = port_spans(rules, {*numbers, *((port.protocol, port.number) for port in invented)})
    every = {**_strangers(known), **namespaces}
    places = _Places(known, every, tuple(invented), frozenset(guessed))
    ends: list[EndClass] = []
    complete = True
    for namespace in sorted(_named(known, pods) | set(every), key=lambda name: (name.startswith(_STRANGER), name)):
        found, whole = places.of(namespace, pods)
        ends += found
        complete = complete and whole
    ends += _outside(known)
    names = {(port.protocol, port.number): port.name for port in invented}
    return Space(tuple(ends), spans, names, every, complete)


@dataclass(frozen=True, slots=True)
class _Places:
    policies: tuple[Policy, ...]
    namespaces: Mapping[str, Labels]
    invented: tuple[PodPort, ...]
    guessed: frozenset[str]

    def of(self, namespace: str, pods: Mapping[str, Sequence[Pod]]) -> tuple[list[EndClass], bool]:
        """Classes of the namespace's pods, and whether these are all."""
        selectors = tuple(dict.fromkeys(self._selectors(namespace)))
        known: dict[int, dict[tuple[PodPort, ...], list[str]]] = defaultdict(lambda: defaultdict(list))
        labels: dict[int, Labels] = {}
        for name, each in pods.items():
            for pod in each:
                if pod.namespace == namespace:
                    met = met_by(pod.labels, selectors)
                    labels.setdefault(met, pod.labels)
                    known[met][self.invented if name in self.guessed else self._ports(pod)].append(name)
        classes = classes_of(selectors)
        stranger = namespace.startswith(_STRANGER)
        found = [
            EndClass(
                Pod(namespace, "", classes.examples.get(met, labels[met]), ports=ports), tuple(dict.fromkeys(names))
            )
            for met, by_ports in known.items()
            for ports, names in by_ports.items()
        ]
        found += [
            EndClass(Pod(namespace, "", example, ports=self.invented), stranger=stranger)
            for met, example in classes.examples.items()
            if met not in known
        ]
        return found, classes.complete

    def _selectors(self, namespace: str) -> Iterator[Selector]:
        for policy in self.policies:
            if policy.namespace == namespace:
                yield policy.pods
            for peer in peers_of(policy):
                if (
                    peer.block is None
                    and peer.pods
                    and of_namespace(peer, namespace, policy.namespace, self.namespaces)
                ):
                    yield peer.pods

    def _ports(self, pod: Pod) -> tuple[PodPort, ...]:
        names = {(port.name, port.protocol) for port in self.invented}
        return tuple(sorted((one for one in pod.ports if (one.name, one.protocol) in names), key=str))


def _named(policies: Iterable[Policy], pods: Mapping[str, Sequence[Pod]]) -> set[str]:
    """Namespaces of policies and pods, and those that a selector names."""
    found = {pod.namespace for each in pods.values() for pod in each}
    for policy in policies:
        found.add(policy.namespace)
        for selector in _namespace_selectors([policy]):
            found |= {value for term in selector if term.key == NAME_LABEL for value in term.values}
    return found


def _strangers(policies: Iterable[Policy]) -> dict[str, Labels]:
    """A namespace for each class of labels, under a name that nobody else has."""
    selectors = tuple(dict.fromkeys(_namespace_selectors(policies)))
    found = classes_of(selectors, ((NAME_LABEL, _STRANGER),)).examples.values()
    return {
        f"{_STRANGER}{index or ''}": tuple(label for label in labels if label[0] != NAME_LABEL)
        for index, labels in enumerate(found)
    }


def _namespace_selectors(policies: Iterable[Policy]) -> Iterator[Selector]:
    return (peer.namespaces for policy in policies for peer in peers_of(policy) if peer.namespaces)


def _outside(policies: Iterable[Policy]) -> list[EndClass]:
    blocks: set[Network] = {block for policy in policies for block in blocks_of(policy)}
    return [EndClass(Outside(one.example), addresses=one) for one in address_classes(blocks)]


def _declared(rules: Iterable[PortRule], pods: Mapping[str, Sequence[Pod]]) -> Iterator[PodPort]:
    names = {(rule.port, rule.protocol) for rule in rules if isinstance(rule.port, str)}
    return (port for each in pods.values() for pod in each for port in pod.ports if (port.name, port.protocol) in names)


def _invented(rules: Iterable[PortRule], pods: Mapping[str, Sequence[Pod]]) -> list[PodPort]:
    """A number of its own for each port name, which pods of which nothing is known may give it."""
    given = tuple(rules)
    taken = {port.number for port in _declared(given, pods)}
    for rule in given:
        if isinstance(rule.port, int):
            taken |= {rule.port, rule.end or rule.port}
    names = sorted({(rule.port, rule.protocol.value) for rule in given if isinstance(rule.port, str)})
    free = (number for number in range(HIGHEST_PORT, 0, -1) if number not in taken)
    return [PodPort(name, Protocol(protocol), number) for (name, protocol), number in zip(names, free, strict=False)]
