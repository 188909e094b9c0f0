"""A directory follows the suggestions of one moment: what is written, what is removed, and what is left alone."""

from dataclasses import replace

import pytest
from suggested import suggestions

from advisor.snapshot.files import Change, File, Verb, alone_in, ours_in, write
from advisor.suggestions.latest import Suggestions, Unreadable
from schemas.errors import Unavailable, UsageError
from synthesizer.files import OutputUnavailable

MADE = suggestions(workloads=6)
ONE, *REST = MADE
STRANGERS = "kind: NetworkPolicy\nmetadata:\n  name: mine\n"


def file_of(suggestion):
    return File(suggestion.workload.namespace, suggestion.policy_name)


def take(directory, *made, unreadable=()):
    return write(Suggestions(made, unreadable), directory)


def files_in(directory):
    """Every file by its path."""
    found = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_text() for path in found}


def expected(*made):
    return {str(file_of(one)): one.policy for one in made}


def test_each_suggestion_with_a_policy_is_a_file(tmp_path):
    """From an empty directory; a second run changes nothing."""
    without = replace(REST[0], policy="", reason="no labels")
    outcome = take(tmp_path, ONE, without, *REST[1:])
    assert files_in(tmp_path) == expected(ONE, *REST[1:])
    assert outcome.current == {file_of(one) for one in (ONE, *REST[1:])}
    assert {change.verb for change in outcome.changes} == {Verb.NEW}
    assert take(tmp_path, ONE, without, *REST[1:]).changes == ()


def test_only_what_changed_is_written_and_vanished_workloads_lose_their_file(tmp_path):
    """Each with what became of it; an empty folder goes too."""
    take(tmp_path, *MADE)
    inode = (tmp_path / str(file_of(REST[1]))).stat().st_ino
    changed = replace(ONE, policy=ONE.policy + "# changed\n")
    without = replace(REST[0], policy="", reason="no labels")
    outcome = take(tmp_path, changed, without, *REST[1:-1])
    assert files_in(tmp_path) == expected(changed, *REST[1:-1])
    assert set(outcome.changes) == {
        Change(Verb.CHANGED, file_of(ONE)),
        Change(Verb.REMOVED, file_of(REST[0])),
        Change(Verb.REMOVED, file_of(REST[-1])),
    }
    assert (tmp_path / str(file_of(REST[1]))).stat().st_ino == inode


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("shop/mine.yaml", STRANGERS),
        ("shop/copied.yaml", ONE.policy),
        ("other/w0-network.yaml", ONE.policy),
        ("shop/two.yaml", f"{ONE.policy}---\n{ONE.policy}"),
        ("shop/broken.yaml", ONE.policy.replace("spec:", "spec: [")),
        ("shop/deep/er.yaml", ONE.policy),
        ("top.yaml", ONE.policy),
        ("shop/notes.txt", ONE.policy),
        (".github/w0-network.yaml", ONE.policy),
        ("shop/.0123.tmp", "theirs"),
    ],
)
def test_what_it_did_not_write_stays(tmp_path, path, text):
    """Ours is what lies where we would have put it, with our label."""
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(text)
    take(tmp_path, ONE)
    assert take(tmp_path).changes == (Change(Verb.REMOVED, file_of(ONE)),)
    assert files_in(tmp_path) == {path: text}


def test_somebody_elses_file_in_the_way_is_named_and_the_others_go_on(tmp_path):
    path = tmp_path / str(file_of(ONE))
    path.parent.mkdir(parents=True)
    path.write_text(STRANGERS)
    outcome = take(tmp_path, *MADE)
    assert files_in(tmp_path) == {**expected(*MADE), str(file_of(ONE)): STRANGERS}
    (sentence,) = outcome.refused
    assert str(path) in sentence
    assert file_of(ONE) not in outcome.current


def test_a_folder_that_leads_out_is_not_followed(tmp_path):
    """Neither to write nor to remove."""
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / f"{ONE.policy_name}.yaml").write_text(ONE.policy)
    (inside / ONE.workload.namespace).symlink_to(outside)
    (sentence,) = take(inside, replace(ONE, policy=ONE.policy + "# more\n")).refused
    assert "leads out" in sentence
    assert take(inside).changes == ()
    assert (outside / f"{ONE.policy_name}.yaml").read_text() == ONE.policy


@pytest.mark.parametrize("field", ["namespace", "policy_name"])
def test_a_name_that_is_a_path_is_refused(tmp_path, field):
    """Whatever stands in the topic."""
    bad = (
        replace(ONE, policy_name="../../out")
        if field == "policy_name"
        else replace(ONE, workload=replace(ONE.workload, namespace=".."))
    )
    assert len(take(tmp_path / "in", bad).refused) == 1
    assert files_in(tmp_path) == {}


def test_files_of_a_workload_that_cannot_be_read_stay(tmp_path):
    """Nobody knows what the suggestion says; it is not gone."""
    take(tmp_path, *MADE)
    take(tmp_path, *REST, unreadable=[Unreadable(ONE.workload.ref, "garbage")])
    assert files_in(tmp_path) == expected(*MADE)


def test_what_a_killed_run_left_is_swept(tmp_path):
    """Also where its workload has vanished since."""
    take(tmp_path, ONE)
    for folder in (ONE.workload.namespace, "vanished"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / ".0123456789abcdef.tmp").write_text("half a pol")
    take(tmp_path, ONE)
    assert files_in(tmp_path) == expected(ONE)
    assert not (tmp_path / "vanished").exists()


def test_a_directory_that_cannot_be_written_is_unavailable(tmp_path):
    """A folder where a file should be."""
    (tmp_path / f"{file_of(ONE)}").mkdir(parents=True)
    with pytest.raises(OutputUnavailable, match="cannot write"):
        take(tmp_path, ONE)


def test_two_snapshots_do_not_share_a_directory(tmp_path):
    """The second says so, and may come back once the first has ended."""
    with alone_in(tmp_path / "out"), pytest.raises(Unavailable, match="another snapshot"), alone_in(tmp_path / "out"):
        pass
    with alone_in(tmp_path / "out"):
        assert ours_in(tmp_path / "out") == frozenset()


def test_a_directory_that_cannot_be_made_is_a_usage_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="--output"), alone_in(tmp_path / "file" / "out"):
        pass
