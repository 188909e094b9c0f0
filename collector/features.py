"""What a collector can see on this machine, feature by feature, and what each missing thing costs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from collector import doctor
from collector.check import Check
from schemas.errors import UsageError


class Feature(Enum):
    """What can be had, or not, on its own; the value is its name in options, logs and metrics."""

    TCP = "tcp"
    UDP = "udp"
    OLDER = "older"
    PODS = "pods"
    HOST_NETWORK = "host-network"

    @property
    def required(self) -> bool:
        """Without it nothing is collected."""
        return self is Feature.TCP

    @property
    def sentence(self) -> str:
        """What it is."""
        return _SENTENCES[self]


_SENTENCES: Final = {
    Feature.TCP: "TCP connections",
    Feature.UDP: "UDP flows",
    Feature.OLDER: "connections older than the collector",
    Feature.PODS: "the pod behind each socket, also when its address is reused",
    Feature.HOST_NETWORK: "the pod behind each socket of the node's own network",
}
_CHECKS: Final[Mapping[Feature, Callable[[], tuple[Check, ...]]]] = {
    Feature.TCP: doctor.checks,
    Feature.UDP: doctor.udp_checks,
    Feature.OLDER: doctor.older_checks,
    Feature.PODS: doctor.pod_checks,
    Feature.HOST_NETWORK: doctor.host_network_checks,
}


@dataclass(frozen=True, slots=True)
class State:
    """Whether a feature can be had here.

    Attributes:
        feature: Which.
        checks: What it needs, and whether that is there.
        switched_off: By an option, whatever is there.
    """

    feature: Feature
    checks: tuple[Check, ...]
    switched_off: bool = False

    @property
    def lacks(self) -> tuple[Check, ...]:
        """What is missing."""
        return tuple(check for check in self.checks if not check.ok)

    @property
    def on(self) -> bool:
        """Whether it works."""
        return not self.switched_off and not self.lacks

    @property
    def reason(self) -> str:
        """Why it is off; empty if it is on."""
        if self.switched_off:
            return f"switched off by --without {self.feature.value}"
        return "; ".join(f"{check.name}: {check.found}" for check in self.lacks)

    @property
    def advice(self) -> str:
        """What to do if something is missing; empty otherwise."""
        return "; ".join(dict.fromkeys(check.advice for check in self.lacks)) if not self.switched_off else ""


@dataclass(frozen=True, slots=True)
class Features:
    """Every feature's state.

    Attributes:
        states: In the order of `Feature`.
    """

    states: tuple[State, ...]

    def state(self, feature: Feature) -> State:
        """One feature's state."""
        return next(state for state in self.states if state.feature is feature)

    @property
    def tcp(self) -> bool:
        """TCP connections are counted."""
        return self.state(Feature.TCP).on

    @property
    def udp(self) -> bool:
        """UDP flows are counted."""
        return self.state(Feature.UDP).on

    @property
    def older(self) -> bool:
        """Sockets of every network namespace are scanned."""
        return self.state(Feature.OLDER).on

    @property
    def pods(self) -> bool:
        """Network namespaces are mapped to pods."""
        return self.state(Feature.PODS).on

    @property
    def host_network(self) -> bool:
        """Sockets of the node's own network are mapped to pods."""
        return self.state(Feature.HOST_NETWORK).on

    def flags(self) -> dict[str, bool]:
        """Whether each is on, by name."""
        return {state.feature.value: state.on for state in self.states}

    def off(self) -> tuple[str, ...]:
        """A line for each feature that is off: what is not seen, why, and what to do."""
        return tuple(_line(state) for state in self.states if not state.on)

    def require(self, cgroup: Path | None = None) -> Path:
        """The cgroup to watch; raises UsageError or KernelUnavailable if nothing can be collected."""
        return doctor.require(self.state(Feature.TCP).checks, cgroup)


def _line(state: State) -> str:
    advice = f". To have them: {state.advice}" if state.advice else ""
    return f"{state.feature.value} is off, not seen: {state.feature.sentence} ({state.reason}){advice}"


def available(without: frozenset[Feature] = frozenset()) -> Features:
    """What this process may have here, except for what is not wanted."""
    return Features(tuple(State(feature, look(), feature in without) for feature, look in _CHECKS.items()))


def switched_off(names: Iterable[str]) -> frozenset[Feature]:
    """The features that `--without` names; raises UsageError for another name, and for what is required."""
    return frozenset(_optional(name) for name in names)


OPTIONAL: Final = tuple(feature.value for feature in Feature if not feature.required)
"""What `--without` may name."""


def _optional(name: str) -> Feature:
    if name not in OPTIONAL:
        raise UsageError(f"--without {name}: name one of {', '.join(OPTIONAL)}")
    return Feature(name)
