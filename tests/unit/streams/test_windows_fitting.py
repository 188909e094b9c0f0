"""A window that no record could hold is told all the same, without the edges that matter least, and says so."""

import pytest
from cluster_objects import T0, batch, connection, facts, pod
from enriching import record_of

from schemas.framing import Reader, Writer
from schemas.records import WorkloadWindow
from schemas.topics import WORKLOAD_WINDOWS
from streams.directory.directory import Directory
from streams.windows.fitting import LEFT_OUT, fitted
from streams.windows.window import Windows, WindowSpec

SPEC = WindowSpec(10_000, lateness=5_000, retention=20_000)
DIRECTORY = Directory((facts(), pod("scanner", "10.1.0.1"), pod("target", "10.1.0.2")))
WRITE = Writer(WORKLOAD_WINDOWS.name, WorkloadWindow)
READ = Reader(WorkloadWindow)


@pytest.fixture
def window():
    """A scanner's: fifty ports answered, a thousand did not."""
    rows = [connection("10.1.0.1", "10.1.0.2", port, established=port <= 50, at=T0 + 1_000) for port in range(1, 1_051)]
    windows = Windows("test", SPEC)
    windows.apply(record_of(DIRECTORY, batch(*rows)))
    return next(one for one in windows.changed() if one.workload.name == "scanner")


def test_a_window_that_fits_is_told_as_it_is(window):
    assert READ(fitted(window, WRITE, 1 << 20)) == window


def test_what_was_only_tried_goes_first(window):
    most = len(WRITE(window)) // 2
    value = fitted(window, WRITE, most)
    told = READ(value)
    assert len(value) <= most
    assert {edge.port for edge in told.edges} == set(range(1, 51))
    assert (told.left_out, told.complete, told.incomplete_because) == (1_000, False, (LEFT_OUT,))


def test_then_as_many_as_fit_are_kept(window):
    value = fitted(window, WRITE, 2_000)
    told = READ(value)
    assert len(value) <= 2_000
    assert 0 < len(told.edges) < 50
    assert told.left_out == 1_050 - len(told.edges)


def test_a_restart_goes_on_saying_so_and_of_no_other_window(window):
    """The edges that were left out are gone from the state; what else happened in that time is complete."""
    told = READ(fitted(window, WRITE, 20_000))
    windows = Windows("test", SPEC)
    windows.restore([told], ())
    rows = (
        connection("10.1.0.1", "10.1.0.2", 2_000, at=T0 + 2_000),
        connection("10.1.0.2", "10.1.0.1", 80, at=T0 + 2_000),
    )
    windows.apply(record_of(DIRECTORY, batch(*rows, sequence=1)))
    after = {one.workload.name: one for one in windows.changed()}
    assert (after["scanner"].left_out, after["scanner"].complete) == (told.left_out, False)
    assert (after["target"].left_out, after["target"].complete) == (0, True)
