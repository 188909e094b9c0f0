"""`network-policy report`: options, files, streams and exit codes."""

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
def recording(tmp_path, enriched_object):
    """A file of one good line."""
    path = tmp_path / "networktrace.log"
    path.write_text(json.dumps(enriched_object) + "\n")
    return path


def invoke(*arguments, stdin=None):
    return CliRunner().invoke(report, [str(each) for each in arguments], input=stdin)


def error_of(*arguments):
    result = invoke(*arguments)
    assert isinstance(result.exception, UsageError), result.output
    assert result.exception.exit_code == 2
    return str(result.exception)


def test_standard_output_holds_the_policies_alone(recording):
    """So that `> network-policy.yaml` is a file for kubectl."""
    result = invoke("--input", recording)
    assert result.stdout.startswith("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n")
    assert "cart-network" in result.stderr


def test_standard_input(recording):
    """A dash is standard input."""
    result = invoke("--input", "-", stdin=recording.read_bytes())
    assert (result.exit_code, result.stdout) == (0, invoke("--input", recording).stdout)


def test_a_directory_gets_one_file_for_each_policy(recording, tmp_path):
    """DIR/<namespace>/<policy>.yaml, with the bytes of standard output."""
    policies = tmp_path / "policies"
    result = invoke("--input", recording, "--output", policies)
    assert (result.exit_code, result.stdout) == (0, "")
    assert [path.relative_to(policies) for path in policies.rglob("*.yaml")] == [Path("demo/cart-network.yaml")]
    assert (policies / "demo/cart-network.yaml").read_text() == invoke("--input", recording).stdout


def test_a_file_of_somebody_else_is_not_overwritten(recording, tmp_path):
    """It says whose file stands in the way."""
    theirs = tmp_path / "policies/demo/cart-network.yaml"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("kind: NetworkPolicy\n")
    assert str(theirs) in error_of("--input", recording, "--output", tmp_path / "policies")
    assert theirs.read_text() == "kind: NetworkPolicy\n"


def test_isolation_observed_writes_only_the_directions_seen(recording):
    """The line is ingress."""
    assert "  - Egress" in invoke("--input", recording).stdout
    assert "  - Egress" not in invoke("--input", recording, "--isolation", "observed").stdout


def test_quiet_leaves_only_bad_lines(recording):
    """Those are errors, not words."""
    recording.write_text("garbage\n" + recording.read_text())
    stderr = invoke("--input", recording, "--quiet").stderr
    assert stderr == f"{recording}:1: not JSON: Expecting value: line 1 column 1 (char 0)\n"


def test_a_bad_line_is_no_failure_unless_strict(recording):
    """The policies are printed either way."""
    recording.write_text(recording.read_text() + "garbage\n")
    lax, strict = invoke("--input", recording), invoke("--input", recording, "--strict")
    assert lax.exit_code == 0
    assert isinstance(strict.exception, UsageError)
    assert lax.stdout == strict.stdout != ""


def test_strict_without_a_bad_line_is_fine(recording):
    """Exit code 0."""
    assert invoke("--input", recording, "--strict").exit_code == 0


def test_a_missing_file_is_named(tmp_path):
    """Neither a stack trace nor an empty policy."""
    assert "cannot read /nowhere/trace" in error_of("--input", "/nowhere/trace")
    assert str(tmp_path) in error_of("--input", tmp_path)


def test_raw_lines_without_objects_are_refused_with_advice(recording, raw_object):
    """An address alone says nothing of a workload."""
    recording.write_text(json.dumps(raw_object))
    assert "--objects" in error_of("--input", recording)


@pytest.mark.parametrize(
    ("text", "named"),
    [("kind: [", "line 2"), ("- 1\n", "not a Kubernetes object"), ("kind: Pod\nmetadata: {}\n", "metadata.name")],
)
def test_objects_that_are_none_are_named(recording, tmp_path, text, named):
    """The file, and what is wrong with it."""
    objects = tmp_path / "objects.yaml"
    objects.write_text(text)
    message = error_of("--input", recording, "--objects", objects)
    assert str(objects) in message
    assert named in message


def test_missing_objects_are_named(recording):
    """As a missing recording is."""
    assert "/nowhere/objects.yaml" in error_of("--input", recording, "--objects", "/nowhere/objects.yaml")


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--strict"], 2), ([], 0), (["--isolation", "none"], 2), (["--objects", "/nowhere"], 2)]
)
def test_the_installed_command_ends_with_the_exit_code(recording, arguments, code):
    """One line on standard error, no stack trace."""
    recording.write_text(recording.read_text() + "garbage\n")
    command = [COMMAND, "report", "--input", str(recording), *arguments]
    result = subprocess.run(command, capture_output=True, check=False, text=True)
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr


def test_no_kafka_is_loaded():
    """A report runs where librdkafka, Faust and bcc are not."""
    program = "import sys, advisor.commands.report; print({'confluent_kafka', 'faust', 'bcc'} & sys.modules.keys())"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert result.stdout == "set()\n"
