"""Files follow the book: names that change hands, policies that end, directories that cannot be written for a while."""

from dataclasses import replace

import pytest
from shop import shop

from schemas.records import WorkloadRef
from synthesizer.book import Book
from synthesizer.options import Options
from synthesizer.output import Output

DEPLOYMENT = shop(workloads=4, windows=1)[1]
STATEFUL = replace(DEPLOYMENT, workload=replace(DEPLOYMENT.workload, kind="StatefulSet"))


@pytest.fixture
def book():
    return Book(Options())


@pytest.fixture
def output(tmp_path, book):
    return Output(tmp_path / "out", book)


def follow(output, book):
    return output.follow([entry.suggestion for entry in book.changed()])


def names(tmp_path):
    return sorted(path.name for path in (tmp_path / "out").rglob("*.yaml"))


def test_a_name_goes_to_the_first_kind_when_that_appears(tmp_path, book, output):
    """The other's file moves, and both are there."""
    book.take(STATEFUL, 0)
    assert follow(output, book)
    assert names(tmp_path) == ["w1-network.yaml"]
    book.take(DEPLOYMENT, 0)
    assert follow(output, book)
    plain, other = sorted(names(tmp_path), key=len)
    assert plain == "w1-network.yaml"
    assert other.startswith("w1-statefulset-")


def test_the_files_do_not_tell_in_which_order_workloads_came(tmp_path):
    """Either first, the same names and bytes."""
    found = []
    for order in ((STATEFUL, DEPLOYMENT), (DEPLOYMENT, STATEFUL)):
        book = Book(Options())
        directory = tmp_path / str(len(found)) / "out"
        output = Output(directory, book)
        for window in order:
            book.take(window, 0)
            follow(output, book)
        found.append({path.name: path.read_text() for path in directory.rglob("*.yaml")})
    assert found[0] == found[1]


def test_a_workload_that_is_gone_takes_its_file_and_gives_back_the_name(tmp_path, book, output):
    """Its rival has the plain name again."""
    for window in (DEPLOYMENT, STATEFUL):
        book.take(window, 0)
    follow(output, book)
    gone = DEPLOYMENT.workload.ref
    book.forget(gone)
    assert output.follow([entry.suggestion for entry in book.changed()], [gone])
    assert names(tmp_path) == ["w1-network.yaml"]
    assert book.names_in_use("shop", "w1") == {"w1-network"}


def test_what_could_not_be_written_is_written_later(tmp_path, book, output, caplog):
    """Said once, nothing is lost."""
    (tmp_path / "out").write_text("in the way")
    book.take(DEPLOYMENT, 0)
    assert not follow(output, book)
    assert not output.follow([])
    assert len([record for record in caplog.records if "Trying again" in record.message]) == 1
    (tmp_path / "out").unlink()
    assert output.follow([])
    assert names(tmp_path) == ["w1-network.yaml"]


def test_a_policy_that_ends_takes_its_file_with_it(tmp_path, book, output):
    """Here the workload moved to its node's network."""
    book.take(DEPLOYMENT, 0)
    follow(output, book)
    later = replace(DEPLOYMENT, start=10**9, end=10**9 + 1, workload=replace(DEPLOYMENT.workload, host_network=True))
    book.take(later, 0)
    follow(output, book)
    assert names(tmp_path) == []


def test_another_synthesizers_partitions_are_dropped(book):
    """What it knows of others stays."""
    book.take(DEPLOYMENT, 0)
    book.take(replace(DEPLOYMENT, workload=replace(DEPLOYMENT.workload, name="other")), 1)
    book.drop([0])
    assert [entry.evidence.workload.ref for entry in book.entries()] == [WorkloadRef("shop", "Deployment", "other")]
