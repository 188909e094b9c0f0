"""A collector whose clock is set by years: its batch's interval spans them, and costs no more than any other."""

from dataclasses import replace

import pytest
from cluster_objects import T0, batch, connection, facts, pod
from enriching import record_of

from schemas.records import Connections
from streams.directory.directory import Directory
from streams.windows.incomplete import Reasons, Reported
from streams.windows.ledger import Defect, Kind
from streams.windows.window import Windows, WindowSpec

SPEC = WindowSpec(300_000)
TEN_YEARS = 3_652 * 86_400_000
START = T0 // SPEC.length * SPEC.length
DIRECTORY = Directory((facts(), pod("web", "10.1.0.1")))
MOST = 2 * (SPEC.span // SPEC.length + 1)
STEPPED = "node n1 lost connections (clock_step)"


def told(number, end, node="n1", begin=None, steps=0):
    """A node's batch that sees one connection, just before its end."""
    losses = (("clock_step", steps),) if steps else ()
    seen = connection("10.1.0.1", "203.0.113.1", 443, at=end - 1)
    start = end - 5_000 if begin is None else begin
    made = batch(sequence=number, source=node, end=end, losses=losses)
    made = replace(made, interval_start=start, connections=Connections.of([seen], start))
    return record_of(DIRECTORY, made)


def source(*batch_):
    (one,) = told(*batch_).sources
    return one


@pytest.mark.parametrize("begin", [START, START - TEN_YEARS], ids=["set ahead", "set right after years behind"])
def test_years_are_few_starts(begin):
    """Those at either end, where windows are kept."""
    end = begin + TEN_YEARS
    first = Reported(SPEC.length, SPEC.span).add(replace(source(0, end), interval_start=begin), 0)
    lost = Reasons(SPEC.length, SPEC.span).add(Defect(Kind.LOST, "n1", begin, end, "clock_step"), 0)
    assert first == lost
    assert len(lost) <= MOST
    assert lost[0] <= begin < lost[1]
    assert lost[-1] < end <= lost[-1] + SPEC.length


def test_a_window_in_between_has_the_reason_and_the_node_all_the_same():
    """Whoever asks for it is told, whether it was known before or not."""
    reasons, reported = Reasons(SPEC.length, SPEC.span), Reported(SPEC.length, SPEC.span)
    early, late = START + 500 * SPEC.length, START + 501 * SPEC.length
    reasons.add(Defect(Kind.GAP, "n2", early, early + 1), 0)
    lost = reasons.add(Defect(Kind.LOST, "n1", START, START + TEN_YEARS, "clock_step"), 0)
    reported.add(replace(source(0, START + TEN_YEARS), interval_start=START), 0)
    assert early in lost
    assert reasons.sentences(early) == ("batches of node n2 are missing", STEPPED)
    assert reasons.sentences(late) == (STEPPED,)
    assert (reported[early], reported[late]) == ({"n1"}, {"n1"})
    assert (reported[START - 1], reasons.sentences(START + TEN_YEARS + SPEC.length)) == (frozenset(), ())


def test_years_are_forgotten_once_event_time_has_passed_them():
    reasons, reported = Reasons(SPEC.length, SPEC.span), Reported(SPEC.length, SPEC.span)
    reasons.add(Defect(Kind.LOST, "n1", START, START + TEN_YEARS, "clock_step"), 0)
    reported.add(replace(source(0, START + TEN_YEARS), interval_start=START), 0)
    for gone, still in ((START + TEN_YEARS // 2, True), (START + TEN_YEARS + SPEC.length, False)):
        reasons.forget(gone)
        reported.forget(gone)
        assert (reasons.sentences(gone) == (STEPPED,), "n1" in reported[gone]) == (still, still)
    assert reasons.sentences(START + TEN_YEARS // 2) == ()
    assert not reported[START + TEN_YEARS // 2]


def emitted(made, *records):
    for record in records:
        made.apply(record)
    return made.changed()


def test_event_time_is_not_carried_off_by_one_node():
    """It goes on with the others; what the node then sees is its own, and once set right it counts again."""
    made, others = Windows("test", SPEC), ("n2", "n3")
    emitted(made, *(told(0, START + 10_000, node) for node in ("n1", *others)))
    ahead = START + TEN_YEARS
    emitted(made, told(1, ahead, begin=START + 10_000, steps=1))
    assert made.watermark == START + 10_000 - SPEC.lateness
    later = START + 2 * SPEC.length
    emitted(made, *(told(1, later, node) for node in others))
    assert made.watermark == later - SPEC.lateness
    emitted(made, told(2, ahead, begin=ahead, steps=2))
    restarted = replace(source(0, later), boot_id="second")
    emitted(made, replace(told(0, later), sources=(restarted,)), *(told(2, later, node) for node in others))
    assert made.watermark == later - SPEC.lateness
    assert made.moved == 0


def test_every_window_that_was_open_says_so():
    made = Windows("test", SPEC)
    emitted(made, *(told(0, START + 10_000, node) for node in ("n1", "n2", "n3")))
    windows = emitted(made, told(1, START + TEN_YEARS, begin=START + 10_000, steps=1))
    assert {window.start: window.incomplete_because for window in windows} == {
        START: (STEPPED,),
        (START + TEN_YEARS - 1) // SPEC.length * SPEC.length: (STEPPED,),
    }
