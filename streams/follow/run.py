"""`follow`: the cluster's objects to `netpol.inventory`, and a heartbeat that says up to when it is complete."""

import logging
import os
import socket
import threading
import time
import uuid
from typing import Final

from schemas.errors import NetpolError, Unavailable, UsageError
from schemas.health import serving
from schemas.records import now_ms
from schemas.stopping import stop_event
from streams.follow.answers import Answer, Denied
from streams.follow.desk import Desk
from streams.follow.following import Following, Permit, Stopped
from streams.follow.inventory_topic import InventoryTopic
from streams.follow.kinds import scopes
from streams.follow.kube import Api, credentials, own_namespace
from streams.follow.lease import Alone, Lease
from streams.follow.metrics import FollowMetrics, follow_metrics
from streams.follow.settings import FollowSettings
from streams.follow.watch import denial
from streams.follow.watches import SILENT_S, Watches, no_answer
from streams.objects import fields
from streams.objects.files import load_objects

LOG: Final = logging.getLogger(__name__)
_IDENTITY: Final = "kube-system"
"""The namespace whose UID tells clusters apart: every cluster has it, and nobody can delete it."""
_NARROW: Final = (
    "watching the namespaces %s only: nodes and other namespaces stay unknown, so addresses of nodes count as outside, "
    "and peers elsewhere as unresolved or outside. With `default` among them the API server is known, with the "
    "namespace of the cluster's DNS (kube-system) DNS is"
)


def run(settings: FollowSettings) -> None:
    """Publish until SIGTERM or SIGINT.

    Raises:
        UsageError: A file cannot be used, there are no credentials, or it is another cluster than the one published.
        Unavailable: Kafka, a topic or the API server is not there, a permission is missing, or another instance leads.
    """
    metrics = follow_metrics(settings.heartbeat_s)
    with stop_event() as stop, serving(settings.metrics, metrics.probes):
        if settings.objects:
            _from_files(settings, metrics, stop)
        else:
            _from_server(settings, metrics, stop)


def _from_files(settings: FollowSettings, metrics: FollowMetrics, stop: threading.Event) -> None:
    objects = load_objects(settings.objects, settings.kafka.cluster)
    topic = InventoryTopic(settings.kafka)
    desk = _desk(settings, topic)
    desk.all_of(objects, now_ms())
    LOG.info("published %d of %d objects", desk.sums.changed + desk.sums.closed, len(objects))
    topic.heartbeat(now_ms())
    LOG.info("follow ready")
    while not settings.once:
        metrics.beat(now_ms())
        metrics.turned(leads=True, waiting=0, standby=False)
        metrics.written(desk.sums, desk.published.counts())
        if stop.wait(settings.heartbeat_s):
            return
        desk.tidy(now_ms(), round(settings.grace_s * 1000))
        topic.heartbeat(now_ms())


def _from_server(settings: FollowSettings, metrics: FollowMetrics, stop: threading.Event) -> None:
    api = Api(credentials(settings.server.kubeconfig, settings.server.context))
    watched = scopes(settings.server.namespaces)
    if settings.server.namespaces:
        LOG.warning(_NARROW, ", ".join(settings.server.namespaces))
    lease = _lease(settings, api)
    topic = InventoryTopic(settings.kafka, Permit(lease, stop, metrics.waits))
    lease.start()
    try:
        _stand_by(lease, api, metrics, stop)
        metrics.health.begins(time.monotonic())
        desk = _desk(settings, topic)
        if settings.server.other_cluster:
            desk.forget_ranges()
        elif not settings.server.namespaces:
            _raise_if_other_cluster(api, desk)
        watches = Watches(api, settings.kafka.cluster, watched, metrics)
        watches.start()
        LOG.info("watching %s", api.server)
        forgotten = desk.forget_outside(watched)
        if forgotten:
            LOG.warning("%d objects that are not watched any more are forgotten", forgotten)
        Following(settings, watches, desk, lease, metrics).until(stop)
        topic.flush()
    except Stopped:
        LOG.info("told to end while it could not publish")
    except NetpolError:
        topic.drop()
        raise
    finally:
        lease.release()


def _desk(settings: FollowSettings, topic: InventoryTopic) -> Desk:
    held = topic.read()
    return Desk(settings.kafka.cluster, topic, held.objects, held.complete)


def _lease(settings: FollowSettings, api: Api) -> Lease | Alone:
    if settings.server.lease is None:
        return Alone()
    namespace, name = settings.server.lease
    me = f"{os.environ.get('POD_NAME') or socket.gethostname()}_{uuid.uuid4()}"
    return Lease(api, namespace or own_namespace(), name, me)


def _stand_by(lease: Lease | Alone, api: Api, metrics: FollowMetrics, stop: threading.Event) -> None:
    """Wait for the lease; raises Stopped, what makes it impossible, or Unavailable if the server never answers."""
    said = ""

    def waits() -> None:
        nonlocal said
        if lease.silent_s(time.monotonic()) > SILENT_S:
            raise Unavailable(no_answer(api.server, lease.said))
        if lease.holder and said != lease.holder:
            said = lease.holder
            LOG.info("follow stands by: %s publishes", said)
        metrics.turned(leads=False, waiting=0, standby=bool(lease.holder))

    Permit(lease, stop, waits)()


def _raise_if_other_cluster(api: Api, desk: Desk) -> None:
    """Without this, a slip of the hand with contexts closes the leases of a whole cluster."""
    published = next((item.uid for item in desk.published.living("Namespace") if item.name == _IDENTITY), "")
    if not published:
        return
    scope = next(one for one in scopes() if one.kind.name == "Namespace")
    try:
        found = fields.items(api.get(scope.path, [("fieldSelector", f"metadata.name={_IDENTITY}")]), "items")
    except Denied as denied:
        raise Unavailable(denial(denied, scope, "list")) from denied
    except Answer as answer:
        raise Unavailable(no_answer(api.server, str(answer))) from answer
    here = fields.text(found[0], "metadata.uid") if found else ""
    if here and here != published:
        raise UsageError(
            f"{api.server} is another cluster than the one whose inventory is published as {desk.cluster}: name it "
            "differently (--cluster), or, if that cluster is no more, say so (--other-cluster)"
        )
