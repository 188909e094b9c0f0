"""Pods as the directory keeps them, and families of pods: of one owner, with the same labels, so of one workload."""

from dataclasses import dataclass, field
from typing import TypeAlias

from schemas.records import ContainerPort, Labels, Millis, OwnerRef, WorkloadPeer
from streams.directory.ends import PodEnd

ControllerKey: TypeAlias = tuple[str, str, str]
"""Kind, namespace, name."""


@dataclass(slots=True, eq=False)
class Family:
    """What pods have in common that decides whose they are.

    Attributes:
        namespace: Theirs.
        owner: Their controlling owner.
        labels: All of their labels.
        host_network: They use their node's network.
        name: Of the only pod of a family without a built-in owner; empty otherwise.
        created: When one of them was created; 0 if unknown.
        members: The pods, alive and gone.
        peer: Their workload; None until it is asked for, and again when a controller of the chain has changed.
        chain: The controllers that were looked for, known or not, when it was asked for.
    """

    namespace: str
    owner: OwnerRef | None
    labels: Labels
    host_network: bool
    name: str
    created: Millis
    members: list["Pod"] = field(default_factory=list)
    peer: WorkloadPeer | None = None
    chain: tuple[ControllerKey, ...] = ()


@dataclass(slots=True, eq=False)
class Pod:
    """A pod with its lease.

    Attributes:
        identity: Its UID, or its key where an object has none.
        name: metadata.name.
        family: What it has in common with others.
        node: Where it runs.
        addresses: Packed; a host-network pod's are its node's.
        ports: As declared.
        start: From when it has had its addresses; 0 if unknown.
        end: Until when, exclusive.
        closes: The same as far as its own object says; a later pod of its name may have ended it before.
        mesh: As in PodBody.
        config_hash: As in PodBody.
        known: The end that it stands for, once asked for, and again when its workload may be another.
    """

    identity: str
    name: str
    family: Family
    node: str
    addresses: tuple[bytes, ...]
    ports: tuple[ContainerPort, ...]
    start: Millis
    end: Millis
    closes: Millis
    mesh: str
    config_hash: str
    known: PodEnd | None = None

    def same_as(self, other: "Pod") -> bool:
        """Whether nothing that the object says is different."""
        return _said(self) == _said(other) and self.family is other.family


def carries(labels: Labels, selector: Labels) -> bool:
    """Whether the labels fulfil a selector."""
    return all(pair in labels for pair in selector)


def _said(pod: Pod) -> tuple[object, ...]:
    return (
        pod.name, pod.node, pod.addresses, pod.ports, pod.start, pod.closes, pod.mesh, pod.config_hash,
    )  # fmt: skip
