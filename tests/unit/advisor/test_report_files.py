"""`network-policy report`: what happens to a directory of files, and to a full standard output."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from advisor.commands.report import report
from schemas.errors import UsageError

COMMAND = str(Path(sys.executable).with_name("network-policy"))


@pytest.fixture
def record(tmp_path, enriched_object):
    """Reports on workloads of these names, with --output."""

    def run(*names, labelled=True, more=()):
        objects = []
        for name in names:
            workload = {**enriched_object["workload"], "name": name, "selector": {"app": name} if labelled else {}}
            objects.append({**enriched_object, "workload": workload})
        source = tmp_path / "trace"
        source.write_text("".join(json.dumps(each) + "\n" for each in objects))
        return CliRunner().invoke(report, ["--input", str(source), "--output", str(tmp_path / "policies"), *more])

    return run


@pytest.fixture
def folder(tmp_path):
    """The files of the namespace."""
    return tmp_path / "policies/demo"


def test_a_refused_file_does_not_stop_the_others(record, folder):
    """The rest is written and said, and then exit code 2 names the one."""
    folder.mkdir(parents=True)
    (folder / "cart-network.yaml").write_text("kind: NetworkPolicy\n")
    result = record("cart", "shop")
    assert isinstance(result.exception, UsageError)
    assert str(folder / "cart-network.yaml") in str(result.exception)
    assert (folder / "cart-network.yaml").read_text() == "kind: NetworkPolicy\n"
    assert (folder / "shop-network.yaml").exists()
    assert "lines read: 2, bad: 0" in result.stderr


def test_a_workload_without_a_policy_loses_its_old_file(record, folder):
    """The old one would be applied as if it still held."""
    record("cart", "shop")
    result = record("cart", labelled=False)
    assert result.exit_code == 0
    assert not (folder / "cart-network.yaml").exists()
    assert f"removed {folder / 'cart-network.yaml'}" in result.stderr


def test_files_of_no_current_workload_are_named_and_kept(record, folder):
    """They may be another recording's; a stranger's file is not mentioned."""
    record("cart", "shop")
    (folder / "theirs.yaml").write_text("kind: NetworkPolicy\n")
    result = record("cart")
    assert (result.exit_code, (folder / "shop-network.yaml").exists()) == (0, True)
    (line,) = [line for line in result.stderr.splitlines() if str(folder) in line]
    assert str(folder / "shop-network.yaml") in line


def test_quiet_does_not_name_leftovers(record):
    """They are no error."""
    record("cart", "shop")
    assert record("cart", more=["--quiet"]).stderr == ""


@pytest.mark.parametrize("content", ["garbage\n\n[1]\n", "[1, 2]"])
def test_an_input_of_which_nothing_can_be_read_is_an_error(tmp_path, content):
    """A wrong file must not look like a quiet cluster; nothing is written."""
    source = tmp_path / "trace"
    source.write_text(content)
    result = CliRunner().invoke(report, ["--input", str(source), "--output", str(tmp_path / "policies")])
    assert isinstance(result.exception, UsageError)
    assert f"none of the 2 lines of {source} could be read" in str(result.exception)
    assert not (tmp_path / "policies").exists()


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_input_is_none(tmp_path, content):
    """A node without connections has an empty recording."""
    source = tmp_path / "trace"
    source.write_text(content)
    result = CliRunner().invoke(report, ["--input", str(source)])
    assert (result.exit_code, result.stdout) == (0, "")


def test_a_full_standard_output_is_one_line_and_exit_code_3(tmp_path, enriched_object):
    """No stack trace, and nothing more when the interpreter ends."""
    source = tmp_path / "trace"
    source.write_text(json.dumps(enriched_object))
    with Path("/dev/full").open("w") as full:
        command = [COMMAND, "report", "--quiet", "--input", str(source)]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, text=True)
    assert result.returncode == 3
    assert result.stderr.count("\n") == 1
    assert "cannot write standard output: No space left on device" in result.stderr
