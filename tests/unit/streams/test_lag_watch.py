"""The thread that asks for the lag goes on whatever happens, and says when nobody answered."""

import threading

from schemas.errors import Unavailable
from streams.worker.lag import LagWatch
from streams.worker.progress import Offsets, Share

SHARE = Share("t", 0)
STANDING = ((SHARE, Offsets(0, 9, 4)),)


class Scene:
    """Answers one after the other; an exception is raised. After the last one the watch is told to wait."""

    def __init__(self, *answers):
        self.log = []
        self._answers = list(answers)
        self.over = threading.Event()
        self.closed = threading.Event()

    def look(self, shares):
        assert list(shares) == [SHARE]
        if not self._answers:
            self.over.set()
            return ()
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        self.closed.set()

    def told(self, standing):
        self.log.append(standing)

    def silent(self):
        self.log.append("silent")


def watched(*answers):
    scene = Scene(*answers)
    with LagWatch(scene, lambda: [SHARE], scene.told, scene.silent, every_s=0.01):
        assert scene.over.wait(5)
    assert scene.closed.wait(5)
    return scene.log[: len(answers)]


def test_answers_are_told():
    assert watched(STANDING, STANDING) == [STANDING, STANDING]


def test_silence_is_told_and_the_next_look_comes():
    assert watched(Unavailable("away"), STANDING) == ["silent", STANDING]


def test_a_mistake_is_no_end_of_looking(caplog):
    """A dead thread would leave the worker live for ever."""
    assert watched(KeyError("x"), STANDING) == ["silent", STANDING]
    assert "looking at the lag" in caplog.text
