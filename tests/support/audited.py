"""A synthesizer without Kafka: its topics are lists, and it may be killed after any step and go on from them."""

import json

from schemas.records import (
    ControllerBody,
    Heartbeat,
    InventoryObject,
    NamespaceBody,
    NetworkPolicyBody,
    OwnerRef,
    PodBody,
    WorkloadRef,
)
from synthesizer.audit.auditor import Auditor
from synthesizer.book import Book
from synthesizer.departures import Departures
from synthesizer.inventory.world import World
from synthesizer.options import Options


def policy_object(namespace, name, spec, created=0, deleted=0):
    """A NetworkPolicy in force."""
    body = NetworkPolicyBody(json.dumps(spec))
    return InventoryObject("test", "NetworkPolicy", namespace, name, body, created=created, deleted=deleted)


def deployment_object(workload, deleted=0, labels=None):
    """The controller of a workload."""
    body = ControllerBody(workload.selector, "", tuple((labels or dict(workload.selector)).items()))
    return InventoryObject(
        "test", workload.kind, workload.namespace, workload.name, body, uid=f"u-{workload.name}", deleted=deleted
    )


def pod_object(workload, number=0, *, labels=None, deleted=0, **body):
    """A pod that its controller owns."""
    owner = OwnerRef(workload.kind, workload.name, f"u-{workload.name}")
    name, found = f"{workload.name}-{number}", tuple((labels or dict(workload.selector)).items())
    return InventoryObject(
        "test", "Pod", workload.namespace, name, PodBody(**body), labels=found, owner=owner, deleted=deleted
    )


def namespace_object(name, labels=()):
    """A namespace."""
    return InventoryObject("test", "Namespace", "", name, NamespaceBody(), labels=tuple(labels))


def heartbeat(time, partition=0):
    """The inventory is complete up to the time."""
    return InventoryObject("test", "Heartbeat", "", str(partition), Heartbeat(time, 1))


def world_of(*objects, partitions=1, time=1):
    """What the inventory tells, complete up to the time."""
    world = World("test", partitions)
    for item in (*objects, *(heartbeat(time, number) for number in range(partitions))):
        world.apply(item, int(item.name) if item.kind == "Heartbeat" else 0)
    return world


class Topics:
    """What is in Kafka."""

    def __init__(self):
        self.suggestions = {}
        self.violations = []
        self.tombstones = []

    def standing(self):
        """The violations that stand, as a reader finds them: the highest revision of each identity, then the last."""
        latest = {}
        for one in self.violations:
            known = latest.get((one.key, one.identity))
            if known is None or one.revision >= known.revision:
                latest[one.key, one.identity] = one
        return {key: one for key, one in latest.items() if one.stands}


class Program:
    """Begins with what the topics hold."""

    def __init__(self, topics, world, grace_ms=None, options=None):
        self.topics = topics
        self.book = Book(options or Options())
        self.auditor = Auditor(world, options or Options())
        self.departures = Departures(world, grace_ms)
        for suggestion in topics.suggestions.values():
            self.book.restore(suggestion, 0)
        for violation in topics.violations:
            self.auditor.restore(violation, 0)

    def fold(self, window):
        """Take one window; nothing is written."""
        evidence = self.book.take(window, 0)
        self.auditor.window(window, 0, evidence, self.book.name_of(window.workload.ref))

    def tell(self):
        """Write the violations."""
        self.topics.violations += [told.violation for told in self.auditor.waiting()]

    def suggest(self):
        """Write the suggestions."""
        self.topics.suggestions |= {entry.evidence.workload.ref: entry.suggestion for entry in self.book.changed()}

    def depart(self, now):
        """Take out who is gone for good."""
        entries = self.book.entries()
        for ref in self.departures.gone([entry.evidence for entry in entries], now):
            self.book.forget(ref)
            self.topics.suggestions.pop(ref, None)
            self.topics.tombstones.append(ref)


def ref(name, kind="Deployment"):
    """A workload of the shop."""
    return WorkloadRef("shop", kind, name)
