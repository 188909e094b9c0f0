"""A snapshot that is killed at any step, and the run after it: the files and the commit of an undisturbed one."""

import os
import shutil
import subprocess
from dataclasses import replace

import pytest
from suggested import suggestions

from advisor.snapshot import git as snapshot_git
from advisor.snapshot.files import write
from advisor.snapshot.git import Repository
from advisor.snapshot.message import message_of
from advisor.suggestions.latest import Suggestions
from synthesizer import files as policy_files

BEFORE = suggestions(workloads=5)
AFTER = (
    replace(BEFORE[0], policy=BEFORE[0].policy + "# changed\n"),
    *BEFORE[1:3],
    replace(BEFORE[3], policy="", reason="no labels"),
)
LEAST, MOST = 8, 40
"""How many steps such a snapshot has, roughly."""
KILLED = 9


def snapshot(folder, made):
    """Files, then a commit."""
    suggestions = Suggestions(tuple(made), ())
    current = write(suggestions, folder).current
    Repository.of(folder).commit(current, lambda changes: message_of("prod", changes, suggestions))


def killed_at(step, way, folder, made):
    """Run it in a process that ends at this step; whether it came so far."""
    child = os.fork()
    if child == 0:
        try:
            _die_at(step, way, folder)
            snapshot(folder, made)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED


def _die_at(step, way, folder):
    """End this process before, during or after the step: a file that gets its name, or a call of git."""
    done = []

    def stepwise(act, leave):
        def run(*arguments, **more):
            done.append(act)
            if len(done) == step and way != "after":
                if way == "during":
                    leave(*arguments, **more)
                os._exit(KILLED)
            result = act(*arguments, **more)
            if len(done) == step:
                os._exit(KILLED)
            return result

        return run

    def half_a_file(path, content):
        path.with_name(".0123456789abcdef.tmp").write_bytes(content[: len(content) // 2])

    def locked(_directory, *arguments, **_more):
        if {"update-index", "commit"} & set(arguments):
            (folder / ".git/index.lock").touch()

    policy_files._replace = stepwise(policy_files._replace, half_a_file)
    snapshot_git._output = stepwise(snapshot_git._output, locked)


def state(folder):
    """Every file but git's own, and what the last commit holds."""
    found = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    shown = subprocess.check_output(["git", "-C", str(folder), "ls-tree", "-r", "HEAD"])
    status = subprocess.check_output(["git", "-C", str(folder), "status", "--porcelain"])
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}, shown, status


@pytest.mark.parametrize("way", ["before", "during", "after"])
def test_the_next_run_finishes_what_was_killed(tmp_path, monkeypatch, way):
    """At every step there is, and at one after the other of one snapshot."""
    monkeypatch.setattr(snapshot_git, "_PATIENCE_S", 0.05)
    before, undisturbed = tmp_path / "before", tmp_path / "undisturbed"
    before.mkdir()
    subprocess.check_call(["git", "init", "-q", str(before)])
    snapshot(before, BEFORE)
    shutil.copytree(before, undisturbed)
    snapshot(undisturbed, AFTER)
    expected = state(undisturbed)
    for step in range(1, MOST):
        folder = tmp_path / str(step)
        shutil.copytree(before, folder)
        came = killed_at(step, way, folder, AFTER)
        snapshot(folder, AFTER)
        assert state(folder) == expected, step
        if not came:
            break
    assert LEAST < step < MOST - 1
