"""A pod as the inventory keeps it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from schemas.records import ContainerPort, Millis, PodBody, Protocol
from streams.objects import fields
from streams.objects.addresses import is_address
from streams.objects.slim_meshes import mesh_of

Object = Mapping[str, Any]
ENDED: Final = frozenset({"Succeeded", "Failed"})
_NETWORK_READY: Final = "PodReadyToStartContainers"


def pod_body(source: Object) -> PodBody:
    """What matters of a pod; raises BadObject naming the wrong field."""
    phase = fields.text(source, "status.phase")
    annotations = dict(fields.labels(source, "metadata.annotations"))
    return PodBody(
        node=fields.text(source, "spec.nodeName"),
        ips=_ips(source),
        host_network=fields.at(source, "spec.hostNetwork") is True,
        phase=phase,
        ports=tuple(_ports(source)),
        started=fields.moment(source, "status.startTime"),
        ended=_ended(source) if phase in ENDED else 0,
        addressed=_addressed(source),
        config_hash=annotations.get("kubernetes.io/config.hash", ""),
        mesh=mesh_of(source, annotations),
    )


def protocol_of(source: Object) -> Protocol:
    """The protocol field, TCP if missing; raises BadObject for one that Kubernetes does not know."""
    name = fields.text(source, "protocol") or "TCP"
    try:
        return Protocol(name)
    except ValueError as error:
        raise fields.BadObject(f"protocol {name} is none of TCP, UDP, SCTP") from error


def _ips(source: Object) -> tuple[str, ...]:
    found = [fields.text(item, "ip") for item in fields.items(source, "status.podIPs")]
    found.append(fields.text(source, "status.podIP"))
    return tuple(dict.fromkeys(ip for ip in found if is_address(ip)))


def _ports(source: Object) -> Iterator[ContainerPort]:
    for path in ("spec.initContainers", "spec.containers"):
        for container in fields.items(source, path):
            for port in fields.items(container, "ports"):
                yield ContainerPort(
                    fields.text(port, "name"),
                    fields.number(port, "containerPort"),
                    protocol_of(port),
                    fields.number(port, "hostPort"),
                )


def _ended(source: Object) -> Millis:
    """The end of the last container; of a pod that tells none (evicted), the last of its conditions' changes."""
    states = fields.items(source, "status.containerStatuses") + fields.items(source, "status.initContainerStatuses")
    ended = max((fields.moment(state, "state.terminated.finishedAt") for state in states), default=0)
    conditions = fields.items(source, "status.conditions")
    return ended or max((fields.moment(one, "lastTransitionTime") for one in conditions), default=0)


def _addressed(source: Object) -> Millis:
    """KEP-3085: the condition is true once the sandbox has its network; a new sandbox makes it false and true again."""
    for condition in fields.items(source, "status.conditions"):
        if fields.text(condition, "type") == _NETWORK_READY and fields.text(condition, "status") == "True":
            return fields.moment(condition, "lastTransitionTime")
    return 0
