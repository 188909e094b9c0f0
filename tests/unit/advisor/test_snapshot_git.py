"""Commits of policies by the real git: only if something differs, only ours, whatever an earlier run left undone."""

import subprocess
from dataclasses import replace

import pytest
from suggested import suggestions

from advisor.snapshot.files import write
from advisor.snapshot.git import Repository
from advisor.snapshot.message import message_of
from advisor.suggestions.latest import Suggestions
from schemas.errors import Unavailable, UsageError

MADE = suggestions(workloads=6)
ONE, *REST = MADE


@pytest.fixture(autouse=True)
def nobody(monkeypatch, tmp_path):
    """Git knows no person and no settings here, as in a container."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{name}_NAME", raising=False)
        monkeypatch.delenv(f"GIT_{name}_EMAIL", raising=False)


@pytest.fixture
def folder(tmp_path):
    """An empty directory for policies."""
    made = tmp_path / "repository"
    made.mkdir()
    return made


def git(folder, *arguments):
    command = ["git", "-C", str(folder), "-c", "user.name=me", "-c", "user.email=me@here", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit(folder, *made):
    """Write these suggestions and commit; what the commit changes."""
    suggestions = Suggestions(made, ())
    outcome = write(suggestions, folder)
    return Repository.of(folder).commit(outcome.current, lambda changes: message_of("prod", changes, suggestions))


def tracked(folder):
    return set(git(folder, "ls-tree", "-r", "--name-only", "HEAD").split())


def path(suggestion):
    return f"{suggestion.workload.namespace}/{suggestion.policy_name}.yaml"


def start(folder):
    git(folder, "init", "-q")


def test_an_empty_directory_becomes_a_repository(folder):
    """And its first commit holds all policies."""
    repository = Repository.of(folder)
    made = Suggestions(MADE, ())
    repository.commit(write(made, folder).current, lambda changes: message_of("prod", changes, made))
    assert tracked(folder) == {path(one) for one in MADE}
    assert git(folder, "log", "--format=%an %ae %s").strip() == (
        "network-policy snapshot network-policy@localhost Network policies of cluster prod: 6 new"
    )
    assert repository.head() == git(folder, "rev-parse", "--short", "HEAD").strip()


def test_the_message_says_what_changed(folder):
    """Whose policy, and why one was removed."""
    start(folder)
    commit(folder, *MADE)
    changed = replace(ONE, policy=ONE.policy + "# changed\n", revision=7)
    without = replace(REST[0], policy="", reason="its pods have no labels")
    commit(folder, changed, without, *REST[2:])
    subject, blank, *lines = git(folder, "log", "-1", "--format=%B").strip().splitlines()
    assert (subject, blank) == ("Network policies of cluster prod: 1 changed, 2 removed", "")
    assert sorted(lines) == sorted(
        [
            f"changed  {path(ONE)} (Deployment {ONE.workload.name}, revision 7)",
            f"removed  {path(without)} (its pods have no labels)",
            f"removed  {path(REST[1])} (no suggestion has this name any more)",
        ]
    )
    assert tracked(folder) == {path(one) for one in (ONE, *REST[2:])}


def test_nothing_changed_is_no_commit(folder):
    """Nor is a touched file."""
    start(folder)
    commit(folder, *MADE)
    before = git(folder, "rev-parse", "HEAD")
    (folder / path(ONE)).touch()
    assert commit(folder, *MADE) == ()
    assert git(folder, "rev-parse", "HEAD") == before


def test_nothing_but_ours_is_committed(folder):
    """A person's own files, staged, changed or deleted, stay as they are; so does what lies outside of the folder."""
    start(folder)
    for name in ("shop/theirs.yaml", "deleted.txt", "README"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("theirs\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "theirs")
    (folder / "README").write_text("more\n")
    (folder / "staged").write_text("staged\n")
    git(folder, "add", "staged", "README")
    (folder / "deleted.txt").unlink()
    (folder / "shop/theirs.yaml").unlink()
    commit(folder, *MADE)
    assert tracked(folder) == {path(one) for one in MADE} | {"shop/theirs.yaml", "deleted.txt", "README"}
    assert git(
        folder, "status", "--porcelain"
    ) == " D deleted.txt\n D shop/theirs.yaml\nM  README\nA  staged\n".replace(
        " D deleted.txt\n D shop/theirs.yaml\nM  README\n", "M  README\n D deleted.txt\n D shop/theirs.yaml\n"
    )


def test_a_folder_of_a_larger_repository_commits_there(folder):
    """Only its own part."""
    start(folder)
    (folder / "loose").write_text("")
    (folder / "clusters/prod").mkdir(parents=True)
    commit(folder / "clusters/prod", *MADE)
    commit(folder / "clusters/prod", *REST)
    assert tracked(folder) == {f"clusters/prod/{path(one)}" for one in REST}
    assert not (folder / "clusters/prod/.git").exists()


@pytest.mark.parametrize("done", ["written", "removed", "staged"])
def test_what_an_earlier_run_left_uncommitted_is_committed(folder, done):
    """It was killed after its files, or in the middle of git's work."""
    start(folder)
    commit(folder, *MADE)
    kept = MADE if done == "written" else REST
    changed = [replace(one, policy=one.policy + "# changed\n") for one in kept]
    write(Suggestions(tuple(changed), ()), folder)
    if done == "staged":
        git(folder, "add", "-A")
    verbs = {change.verb.value for change in commit(folder, *changed)}
    assert verbs == {"changed"} | ({"removed"} if done != "written" else set())
    assert git(folder, "status", "--porcelain") == ""
    assert commit(folder, *changed) == ()


def test_locks_of_a_killed_run_are_cleared(folder, monkeypatch):
    """The mark tells that they were its own; whoever may still work on them is given time."""
    monkeypatch.setattr("advisor.snapshot.git._PATIENCE_S", 0.3)
    start(folder)
    commit(folder, *MADE)
    for name in ("index.lock", "HEAD.lock", "network-policy-snapshot"):
        (folder / ".git" / name).touch()
    assert len(commit(folder, *REST)) == 1
    assert not list((folder / ".git").rglob("*.lock"))
    assert not (folder / ".git/network-policy-snapshot").exists()


def test_another_gits_lock_is_an_error_that_names_it(folder):
    """It is not ours to remove; the next run commits."""
    start(folder)
    lock = folder / ".git/index.lock"
    lock.touch()
    with pytest.raises(Unavailable, match=r"index\.lock"):
        commit(folder, *MADE)
    with pytest.raises(Unavailable, match=r"index\.lock"):
        commit(folder, *MADE)
    lock.unlink()
    assert len(commit(folder, *MADE)) == len(MADE)


def test_a_hook_that_refuses_is_an_error_and_the_next_run_tries_again(folder):
    start(folder)
    hook = folder / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'error: not today' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Unavailable, match="not today"):
        commit(folder, *MADE)
    hook.unlink()
    assert len(commit(folder, *MADE)) == len(MADE)


def test_policies_that_git_ignores_are_committed_all_the_same(folder):
    """Somebody asked for them by name."""
    start(folder)
    (folder / ".gitignore").write_text("*.yaml\n")
    assert len(commit(folder, *MADE)) == len(MADE)


def test_a_person_who_is_known_commits(folder):
    start(folder)
    git(folder, "config", "user.name", "Ann")
    git(folder, "config", "user.email", "ann@example.org")
    commit(folder, ONE)
    assert git(folder, "log", "--format=%an %ae").strip() == "Ann ann@example.org"


def test_no_repository_is_a_usage_error_that_says_what_to_do(folder):
    (folder / "something").write_text("")
    with pytest.raises(UsageError, match="run `git init"):
        Repository.of(folder)


def test_no_git_is_unavailable(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="needs git"):
        Repository.of(folder)


def test_of_many_changes_the_message_names_some(folder):
    start(folder)
    made = suggestions(workloads=130, windows=1)
    commit(folder, *made)
    lines = git(folder, "log", "-1", "--format=%B").strip().splitlines()
    assert (len(lines), lines[-1]) == (103, "... and 30 more")
