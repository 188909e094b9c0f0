"""How the demo shows its progress."""

import io

from rich.console import Console

from advisor.demo.display import PlainDisplay, Step, display


def plain(times):
    sink = io.StringIO()
    ticks = iter(times)
    return PlainDisplay(Console(file=sink, width=40), lambda: next(ticks)), sink


def test_plain_lines_come_at_most_every_five_seconds():
    """A count that grows four times a second does not fill a log."""
    shown, sink = plain([0.0, 0.2, 4.9, 5.1])
    for count in range(4):
        shown.show(Step.CONNECTIONS, f"{count} seen")
    assert sink.getvalue().splitlines() == ["connections  0 seen", "connections  3 seen"]


def test_a_finished_step_is_said_at_once_and_once():
    """What is done is never held back, nor repeated."""
    shown, sink = plain([0.0, 0.1, 0.2])
    shown.show(Step.KAFKA, "starting")
    shown.show(Step.KAFKA, "up", done=True)
    shown.show(Step.KAFKA, "up", done=True)
    assert sink.getvalue().splitlines() == ["Kafka        starting", "Kafka        up"]


def test_a_terminal_sees_all_steps_in_the_order_of_the_path():
    """The list on a terminal is rewritten in place, each step once, sorted by the way of a connection."""
    sink = io.StringIO()
    with display(Console(file=sink, force_terminal=True, width=60), lambda: 0.0) as shown:
        shown.show(Step.PODS, "13 pods", done=True)
        shown.show(Step.TOPICS, "created", done=True)
    last = sink.getvalue().rsplit("topics", 1)[1]
    assert "created" in last
    assert "pods" in last


def test_without_a_terminal_no_control_codes_are_written():
    """A log of CI stays readable."""
    sink = io.StringIO()
    with display(Console(file=sink, force_terminal=False, width=60), lambda: 0.0) as shown:
        shown.show(Step.PODS, "13 pods", done=True)
    assert sink.getvalue() == "pods         13 pods\n"
