"""How one watch tries again: what it asks for next, and how long it waits, given what the server answers."""

from contextlib import contextmanager

import pytest
from watched import Heard

from schemas.errors import Unavailable
from streams.follow.answers import Away, Denied, Gone
from streams.follow.kinds import KINDS, Scope
from streams.follow.watch import Watch
from streams.follow.watcher import Following, Listing

SERVICES = Scope(next(kind for kind in KINDS if kind.name == "Service"))
EMPTY = {"kind": "ServiceList", "metadata": {"resourceVersion": "7"}, "items": []}
BOOKMARK = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "9"}}}


class FakeApi:
    """Answers each request with the next of its answers: an exception is raised, a list of events streamed."""

    def __init__(self, *answers):
        self._answers = list(answers)

    def get(self, *_):
        return self._next()

    @contextmanager
    def stream(self, *_):
        yield self._next()

    def _next(self):
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def pauses(monkeypatch):
    """How often in a row something had failed at each pause, and what the server asked for."""
    found = []
    monkeypatch.setattr("streams.follow.watch.pause_s", lambda failures, asked: found.append((failures, asked)) or 0.0)
    return found


def attempts(*answers):
    """A watch after that many answers, and what it told."""
    heard = Heard()
    heard.watch = Watch(FakeApi(*answers), SERVICES, "test", heard)
    for _ in answers:
        heard.watch._attempt()
    return heard


def test_lists_that_are_followed_by_410_come_ever_more_slowly(pauses):
    """Each list succeeds; without this a large cluster would be listed without end."""
    attempts(EMPTY, Gone("old"), EMPTY, Gone("old"), EMPTY, Gone("old"))
    assert [failures for failures, _ in pauses] == [1, 2, 3]


def test_an_event_ends_a_row_of_failures(pauses):
    """What fails after it fails for the first time."""
    heard = attempts(EMPTY, Away("", "broken"), Away("", "broken"), [BOOKMARK], Away("", "broken"))
    assert [failures for failures, _ in pauses] == [1, 2, 1]
    assert heard.watch._state == Following("9")


def test_a_watch_that_ends_as_it_begins_is_a_failure(pauses):
    """Else it would turn in circles."""
    heard = attempts(EMPTY, [], [])
    assert [failures for failures, _ in pauses] == [1, 2]
    assert heard.again_because == ["broken", "broken"]


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(pauses):
    """Retry-After."""
    attempts(Away("", "busy", 7.0))
    assert pauses == [(1, 7.0)]


def test_a_doubted_list_is_asked_for_again_after_a_while(pauses):
    """Nothing is followed from it."""
    heard = Heard()
    heard.believes = lambda _listed: False
    heard.watch = Watch(FakeApi(EMPTY), SERVICES, "test", heard)
    heard.watch._attempt()
    assert (heard.watch._state, heard.pulse.listed, pauses) == (Listing(), False, [(1, 10.0)])


def test_a_first_refusal_is_final(pauses):
    """There is no use in waiting for a role that was never there."""
    with pytest.raises(Unavailable, match="no permission to list services"):
        attempts(Denied("cannot list resource", 403))
    assert pauses == []


def test_a_server_that_knew_us_may_refuse_for_a_while(pauses):
    """While it starts it does not know its roles."""
    heard = attempts(EMPTY, [BOOKMARK], Denied("", 403), Denied("", 401))
    assert [failures for failures, _ in pauses] == [1, 2]
    assert heard.watch._state == Following("9")


def test_a_refusal_that_says_something_is_no_silence(pauses, monkeypatch):
    """A server that is too busy at our start is there."""
    monkeypatch.setattr("time.monotonic", lambda: 1000.0)
    heard = Heard()
    heard.watch = Watch(FakeApi(Away("", "busy"), Away("", "timeout")), SERVICES, "test", heard)
    heard.pulse.answered = 0.0
    heard.watch._attempt()
    assert heard.pulse.answered == 1000.0
    heard.pulse.answered = 0.0
    heard.watch._attempt()
    assert heard.pulse.answered == 0.0
