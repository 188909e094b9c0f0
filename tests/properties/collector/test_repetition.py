"""Repetition changes when rows are published, never what they add up to or the window they fall into."""

from dataclasses import dataclass, field

from cluster_objects import CLUSTER, T0, batch, facts, pod
from edge_rows import key, sound_rows
from enriching import record_of
from hypothesis import given
from hypothesis import strategies as st

from collector.batch import Boot, Progress, batches_of
from collector.drain import Drained
from collector.layout import VALUE, Counter
from collector.repetition import Repetition
from streams.directory.directory import Directory
from streams.windows.window import Windows, WindowSpec

REPEAT_S, DRAIN_S, WINDOW_S = 30, 5, 300
AHEAD_S = 20
"""Another node's clock, which the windows follow."""
EDGES = tuple(key(bytes([10, 1, 0, 1]), port) for port in (80, 81, 82))


def totals(rows):
    """Counts, first and last sighting by edge."""
    found = {}
    for edge, value in rows:
        count, first, last = VALUE.unpack(value)
        known = found.get(edge, (0, first, last))
        found[edge] = (known[0] + count, min(known[1], first), max(known[2], last))
    return found


class TestRepetitionKeepsEverything:
    """Whatever comes, and whatever Kafka does."""

    @given(st.data())
    def test_what_came_in_went_out_or_is_held(self, data):
        """Acknowledgements late, lost and out of order, clocks that jump, tables that are full."""
        repetition = Repetition(data.draw(st.sampled_from((0, 1_000, 30_000))), data.draw(st.integers(1, 4)))
        keys = [row[0] for row in data.draw(st.lists(sound_rows, min_size=1, max_size=4))]
        values = st.builds(VALUE.pack, st.integers(0, 2**20), st.integers(0, 2**62), st.integers(0, 2**62))
        drains = st.lists(st.tuples(st.sampled_from(keys), values), max_size=5)
        came, went, waiting = [], [], []
        for _ in range(data.draw(st.integers(1, 12))):
            rows = data.draw(drains)
            came += rows
            went += repetition.due(rows, data.draw(st.integers(0, 90_000)))
            waiting.append(repetition.acknowledgement(1))
            for acknowledge in data.draw(st.lists(st.sampled_from(waiting), max_size=2, unique=True)):
                waiting.remove(acknowledge)
                acknowledge()
        assert repetition.held == sum(VALUE.unpack(value)[0] for _, value in came) - sum(
            VALUE.unpack(value)[0] for _, value in went
        )
        assert totals([*went, *repetition.rest()]) == totals(came)

    @given(st.data())
    def test_nothing_is_held_of_an_edge_that_kafka_does_not_have(self, data):
        """In each window, an edge is held only after an acknowledged batch told it."""
        repetition = Repetition(30_000, 100)
        has, on_the_way = set(), []
        for number in range(data.draw(st.integers(1, 15))):
            if number % 6 == 0:
                has.clear()
                on_the_way.clear()  # what comes later is of the window before
            seen = data.draw(st.sets(st.sampled_from(EDGES)))
            due = repetition.due([(edge, VALUE.pack(1, 0, 0)) for edge in seen], number * DRAIN_S * 1_000)
            told = {edge for edge, _ in due}
            assert seen - told <= has
            on_the_way.append((told, repetition.acknowledgement(1)))
            for _ in range(data.draw(st.integers(0, len(on_the_way)))):
                arrived, acknowledge = on_the_way.pop(0)
                if data.draw(st.integers(0, 3)):
                    has |= arrived
                    acknowledge()


@dataclass
class Node:
    """A collector whose batches reach the windows; `late` is what came for a window that was final."""

    repetition: Repetition
    windows: Windows = field(
        default_factory=lambda: Windows(CLUSTER, WindowSpec(WINDOW_S * 1_000, lateness=30_000, retention=900_000))
    )
    progress: Progress = field(default_factory=lambda: Progress(T0))
    final: set = field(default_factory=set)
    found: dict = field(default_factory=dict)
    late: int = 0

    def drain(self, rows, at_ms):
        """One batch, taken by Kafka at once."""
        due = self.repetition.due(rows, at_ms)
        drained = Drained(due, (0,) * len(Counter), at_ms * 10**6, at_ms * 10**6)
        batches, self.progress = batches_of(Boot(CLUSTER, "n1", "b", 100), self.progress, drained, {})
        self.repetition.acknowledgement(len(batches))()
        other = batch(source="n2", sequence=self.progress.sequence, end=at_ms + AHEAD_S * 1_000)
        for batch_ in (other, *batches):
            self.windows.apply(record_of(DIRECTORY, batch_))
        self.keep(self.windows.changed())

    def keep(self, changed):
        """The latest revision of each window."""
        for window in changed:
            self.late += window.start in self.final
            self.found[window.start] = window.edges
            if window.final:
                self.final.add(window.start)


DIRECTORY = Directory((facts(), pod("web", "10.1.0.1")))


#  T0 - 20                 T0 = a window's start                    + 60
#  |---d----d----d----d----|--d----d----d----d----d----d----|--...
@given(
    st.lists(st.tuples(st.sampled_from(EDGES), st.integers(0, 80_000), st.integers(0, 9)), max_size=40),
    st.integers(0, DRAIN_S * 1_000 - 1),
)
def test_windows_are_the_same_as_if_every_drain_told_all(calls, phase):
    """Counts and times, whatever the phase of the drains; and what was held is not late where it is summed."""
    assert T0 % (WINDOW_S * 1_000) == 0
    nodes = [Node(Repetition(repeat, 100)) for repeat in (REPEAT_S * 1_000, 0)]
    begin = T0 - 20_000
    ends = range(begin + phase, begin + 90_000, DRAIN_S * 1_000)
    for end in ends:
        seen = [
            (edge, VALUE.pack(count, (begin + at) * 10**6, (begin + at) * 10**6))
            for edge, at, count in calls
            if end - DRAIN_S * 1_000 < begin + at <= end
        ]
        rows = [(edge, VALUE.pack(*sums)) for edge, sums in totals(seen).items()]
        for node in nodes:
            node.drain(rows, end)
    held, plain = nodes
    held.drain(held.repetition.rest(), end + DRAIN_S * 1_000)
    for node in nodes:
        node.keep(node.windows.finish())
    assert held.found == plain.found
    assert held.late == plain.late == 0
