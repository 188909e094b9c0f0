"""Starts the processes: pods, kubelet's probes from the node, and the load generator outside."""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from advisor.demo.cluster import Cluster, Endpoint, Pod
from advisor.demo.network import inside
from advisor.demo.plan import NODE_NAMESPACE, OUTSIDE_NAMESPACE, pod_namespace
from advisor.processes import Child

_PROGRAM: Final = str(Path(__file__).with_name("pod.py"))
_READY_S: Final = 20.0
_HEAD_START_S: Final = 1.5
"""Pods listen before anybody calls; a slow machine shows a refused attempt, which is never a rule."""
_CALLS_S: Final = 1.0
_PROBES_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Actor:
    """One process of the demo.

    Attributes:
        name: For its log.
        namespace: Network namespace it runs in.
        ports: It listens on them.
        calls: It connects to them, one after the other.
        interval_s: Seconds for one round of all calls.
        dual_stack: AF_INET6 sockets for IPv4 too.
    """

    name: str
    namespace: str
    ports: tuple[int, ...] = ()
    calls: tuple[Endpoint, ...] = ()
    interval_s: float = _CALLS_S
    dual_stack: bool = False


def actors(cluster: Cluster) -> tuple[Actor, ...]:
    """Everybody: the pods, the kubelet and the client outside; pure."""
    probes = tuple(Endpoint(pod.address, port.number) for pod in cluster.pods for port in pod.deployment.ports)
    return (
        *(_pod(pod) for pod in cluster.pods),
        Actor("kubelet", NODE_NAMESPACE, calls=probes, interval_s=_PROBES_S),
        Actor("outside", OUTSIDE_NAMESPACE, calls=cluster.outside_calls),
    )


@contextmanager
def running(everybody: Iterable[Actor], logs: Path) -> Iterator[tuple[Child, ...]]:
    """All processes, once they listen; they end with the context. Raises Unavailable if one does not start."""
    begin = time.monotonic() + _HEAD_START_S
    with ExitStack() as stack:
        children = []
        for actor in everybody:
            log = logs / f"{actor.name}.log"
            log.unlink(missing_ok=True)
            child = Child.start(actor.name, _command(actor, begin), log)
            stack.callback(child.stop)
            children.append(child)
        for child in children:
            child.wait_for("pod ready", _READY_S)
        yield tuple(children)


def _pod(pod: Pod) -> Actor:
    ports = tuple(port.number for port in pod.deployment.ports)
    return Actor(pod.name, pod_namespace(pod.name), ports, pod.calls, dual_stack=pod.deployment.dual_stack)


def _command(actor: Actor, begin: float) -> tuple[str, ...]:
    described = {
        "ports": actor.ports,
        "calls": [(str(call.address), call.port) for call in actor.calls],
        "begin": begin,
        "interval_s": actor.interval_s,
        "dual_stack": actor.dual_stack,
    }
    return inside(actor.namespace, sys.executable, "-I", "-S", _PROGRAM, json.dumps(described))
