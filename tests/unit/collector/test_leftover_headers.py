"""Merged headers that a killed compilation left are deleted, and nothing else."""

import os

import pytest

from collector import leftovers
from collector.headers import MERGED_PREFIX

NOW = 1_700_000_000.0


def _directory(parent, name, age_s):
    path = parent / name
    (path / "include").mkdir(parents=True)
    (path / "include" / "link").symlink_to(parent)
    os.utime(path, (NOW - age_s, NOW - age_s))
    return path


def test_old_headers_of_ours_are_deleted(tmp_path):
    """With a sentence that names them; what their links point to stays."""
    old, other = _directory(tmp_path, f"{MERGED_PREFIX}a", 3600), _directory(tmp_path, "another", 3600)
    (sentence,) = leftovers.header_directories(tmp_path, NOW)
    assert str(old) in sentence
    assert (old.exists(), other.exists()) == (False, True)


def test_headers_that_may_be_in_use_stay(tmp_path):
    """A compilation takes two minutes at most."""
    young = _directory(tmp_path, f"{MERGED_PREFIX}a", 120)
    assert leftovers.header_directories(tmp_path, NOW) == ()
    assert young.exists()


def test_what_another_user_made_stays(tmp_path, monkeypatch):
    """The temporary directory is everybody's."""
    old = _directory(tmp_path, f"{MERGED_PREFIX}a", 3600)
    monkeypatch.setattr(os, "geteuid", lambda: old.stat().st_uid + 1)
    assert leftovers.header_directories(tmp_path, NOW) == ()
    assert old.exists()


def test_a_link_of_such_a_name_is_not_followed(tmp_path):
    """Nor deleted."""
    target = _directory(tmp_path, "target", 3600)
    (tmp_path / f"{MERGED_PREFIX}a").symlink_to(target)
    assert leftovers.header_directories(tmp_path, NOW) == ()
    assert target.exists()


@pytest.mark.parametrize(("descriptor", "holder"), [("prog_id:\t17\n", "process 5 has it"), ("prog_id:\t171\n", None)])
def test_the_holder_of_a_program_is_told_by_its_descriptors(tmp_path, descriptor, holder):
    """By the whole number."""
    for process, text in (("4", "pos:\t0\n"), ("5", descriptor)):
        (tmp_path / process / "fdinfo").mkdir(parents=True)
        (tmp_path / process / "fdinfo" / "3").write_text(f"flags:\t02\n{text}memlock:\t4096\n")
    assert leftovers.holder_of(17, tmp_path) == holder
