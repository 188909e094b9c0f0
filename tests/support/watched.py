"""One watch in this process, and what it tells."""

from contextlib import contextmanager

from programs import wait_until

from streams.follow.kinds import KINDS, Scope
from streams.follow.kube import Api, credentials
from streams.follow.watch import Watch


class Heard:
    """What a watch told: the names of each list, and each change by its type."""

    def __init__(self):
        self.lists = []
        self.changes = []
        self.items = []
        self.again_because = []
        self.believes = lambda _listed: True
        self.watch = None

    @property
    def pulse(self):
        return self.watch.pulse

    def opened(self, within_s=10):
        """Wait until the watch is open."""
        wait_until(lambda: self.pulse.open_since, within_s, "an open watch")

    def change(self, _scope, change):
        self.items.append(change.object.item)
        self.changes.append((type(change).__name__, change.object))

    def listed(self, _scope, listed):
        self.items += [one.item for one in listed.objects]
        self.lists.append([one.item.name for one in listed.objects])
        return self.believes(listed)

    def again(self, reason):
        self.again_because.append(reason)


@contextmanager
def watching(server, kind, namespace="", heard=None, user="admin"):
    """A watch of a kind, by its name or as it is, in a namespace or everywhere."""
    found = next(one for one in KINDS if one.name == kind) if isinstance(kind, str) else kind
    heard = heard or Heard()
    api = Api(credentials(str(server.kubeconfig(user)), ""))
    heard.watch = Watch(api, Scope(found, namespace), "test", heard)
    heard.watch.start()
    try:
        yield heard
    finally:
        heard.watch.stop(10)
