"""What breaks between us and the real API server: a watch goes on where it was, or lists again."""

import json
from contextlib import contextmanager

import pytest
from bad_line import bad_line
from followed import namespace, service
from kube_server import KubeOptions
from programs import wait_until
from watched import Heard, watching

pytestmark = pytest.mark.cluster


class Through:
    """A server as it is reached by a bad line."""

    def __init__(self, server, line):
        self._server, self.line = server, line

    def kubeconfig(self, user):
        """The server's own, with the line's port."""
        path = self._server.kubeconfig(user)
        config = json.loads(path.read_text())
        config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{self.line.port}"
        path.write_text(json.dumps(config))
        return path


@contextmanager
def by_line(server):
    """The server by a line of the test's own."""
    with bad_line(int(server.url.rpartition(":")[2])) as line:
        yield Through(server, line)


@pytest.fixture
def through(kube_server):
    with by_line(kube_server) as reached:
        yield reached


def test_after_a_broken_connection_the_watch_goes_on_where_it_was(kube_server, through):
    """What happened in between is told, once, and nothing is listed again."""
    api = kube_server.api()
    api.create(namespace("cut"))
    with watching(through, "Service", "cut") as heard:
        heard.opened(20)
        api.create(service("before", "cut"))
        wait_until(lambda: heard.changes, 10, "an event")
        through.line.cut()
        api.create(service("between", "cut"))
        wait_until(lambda: len(heard.changes) == 2, 10, "what happened in between")
        api.create(service("after", "cut"))
        wait_until(lambda: len(heard.changes) == 3, 10, "what happened afterwards")
    assert [slim.item.name for _, slim in heard.changes] == ["before", "between", "after"]
    assert len(heard.lists) == 1
    assert "broken" in heard.again_because


def test_a_connection_that_died_silently_is_noticed(kube_server, through, monkeypatch):
    """No packet says so: a silence longer than any between two bookmarks does."""
    monkeypatch.setattr("streams.follow.watch.SILENCE_S", 2.0)
    api = kube_server.api()
    api.create(namespace("silent"))
    with watching(through, "Service", "silent") as heard:
        heard.opened(20)
        through.line.silence()
        api.create(service("unheard", "silent"))
        wait_until(lambda: heard.changes, 15, "what happened meanwhile")
    assert "timeout" in heard.again_because


def test_the_servers_time_limit_is_no_failure(kube_server, monkeypatch):
    """It ends each watch after a time; the next goes on at once."""
    monkeypatch.setattr("streams.follow.watch.WATCH_S", (2, 2))
    with watching(kube_server, "Service", "default") as heard:
        wait_until(lambda: heard.again_because.count("ended") == 2, 15, "two ends")
    assert set(heard.again_because) <= {"ended", "broken"}  # broken: by our own stop


def test_a_list_that_is_not_believed_is_asked_for_again(kube_server, monkeypatch):
    """Until then nothing is followed from it."""
    monkeypatch.setattr("streams.follow.answers.Doubted.after_s", 0.0)
    heard = Heard()
    heard.believes = lambda _listed: len(heard.lists) > 1
    with watching(kube_server, "Namespace", heard=heard):
        heard.opened(20)
    assert len(heard.lists) == 2
    assert heard.again_because[0] == "doubted"


def test_after_a_restart_of_the_server_nothing_is_missed(start_kube):
    """The watch breaks, the server is away, and is back with the same past."""
    server = start_kube(KubeOptions())
    server.api().create(namespace("restart"))
    with watching(server, "Service", "restart") as heard:
        heard.opened(20)
        server.restart(crash=True)
        server.api().create(service("after", "restart"))
        wait_until(lambda: heard.changes, 40, "what happened after the restart")
    assert [slim.item.name for _, slim in heard.changes] == ["after"]


def test_what_was_deleted_while_the_past_was_forgotten_is_found(start_kube):
    """410 Gone: the server knows no more what happened since; a new list says what is there."""
    server = start_kube(KubeOptions())
    api = server.api()
    api.create(namespace("past"))
    api.create_all([service("kept", "past"), service("lost", "past")])
    with by_line(server) as through, watching(through, "Service", "past") as heard:
        heard.opened(20)
        through.line.down = True
        _elsewhere(server)
        through.line.down = False
        wait_until(lambda: heard.lists[-1] == ["kept"], 60, "a list without it")
    assert sorted(heard.lists[0]) == ["kept", "lost"]
    assert not heard.changes, "no event told it"
    assert "expired" in heard.again_because


def _elsewhere(server):
    """The server does something without us, and forgets that it did."""
    server.stop_api()
    server.restart()
    server.api().delete(service("lost", "past"))
    for number in range(3):
        server.api().create(namespace(f"n{number}"))
    server.compact()
    server.restart()
