"""`network-policy verify` as a person or CI runs it on files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from policy_manifests import manifest, pods

from advisor.commands.verify import WouldBreak, verify
from schemas.errors import UsageError

COMMAND = str(Path(sys.executable).with_name("network-policy"))


@pytest.fixture
def recording(tmp_path, enriched_object):
    """The cart, which the web calls on 7070."""
    path = tmp_path / "trace.jsonl"
    path.write_text(json.dumps(enriched_object) + "\n")
    return path


@pytest.fixture
def policy(tmp_path):
    """Writes the cart's policy: it admits one port."""

    def write(port, name="policy.yaml"):
        path = tmp_path / name
        rule = {"from": [pods("web")], "ports": [{"port": port}]}
        path.write_text(yaml.safe_dump(manifest("cart", "cart", "demo", ingress=[rule])))
        return path

    return write


def invoke(*arguments):
    return CliRunner().invoke(verify, [str(part) for part in arguments])


@pytest.mark.parametrize(("port", "code"), [(7070, 0), (7071, 1)])
def test_the_installed_command_ends_with_the_exit_code(recording, policy, port, code):
    """0 if all is admitted, 1 if something would break; then one line on standard error says so."""
    command = [COMMAND, "verify", "--policies", str(policy(port)), "--input", str(recording)]
    result = subprocess.run(command, capture_output=True, check=False, text=True)
    assert result.returncode == code, result.stderr
    assert ("1 observed edges would be refused by" in result.stderr) == bool(code)
    assert "Traceback" not in result.stderr


def test_json_and_yaml_say_the_same(recording, policy):
    """What would break, at which end and why, and what was never used."""
    documents = [invoke("-p", policy(7071), "-i", recording, "-o", form).stdout for form in ("json", "yaml")]
    assert json.loads(documents[0]) == yaml.safe_load(documents[1])
    found = json.loads(documents[0])
    (refused,) = found["refused"]
    assert (refused["client"], refused["server"]) == ("demo/Deployment/web", "demo/Deployment/cart")
    assert (refused["connections"], refused["port"], refused["protocol"]) == (12, 7070, "TCP")
    assert refused["egress"] == {"outcome": "admitted", "policies": [], "rule": "no policy isolates its egress"}
    assert refused["ingress"] == {
        "outcome": "refused", "policies": ["demo/cart"], "rule": "no ingress rule admits it",
    }  # fmt: skip
    (unused,) = found["unused"]
    assert (unused["rule"], unused["admits"]) == ("ingress[0]", "from pods app=web on TCP 7071")


def test_policies_come_from_objects_if_none_are_named(recording, policy, tmp_path):
    """As `kubectl get -o yaml` prints them; without any, nobody could say what is meant."""
    deployed = policy(7071, "objects.yaml")
    assert isinstance(invoke("-i", recording, "--objects", deployed).exception, WouldBreak)
    assert "--objects holds no NetworkPolicy" in str(invoke("-i", recording).exception)


def test_no_policy_at_all_is_said(recording, tmp_path):
    """Everything is admitted then, which is seldom what was meant."""
    (tmp_path / "none").mkdir()
    result = invoke("-p", tmp_path / "none", "-i", recording)
    assert result.exit_code == 0
    assert "nothing is isolated, and everything admitted" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["-p", "/nowhere/policies", "-i", "{recording}"], "cannot read /nowhere/policies"),
        (["-p", "{policy}", "-i", "/nowhere/trace"], "cannot read /nowhere/trace"),
        (
            ["-p", "topic:windows", "-i", "{recording}"],
            "topic:windows is none of topic:suggestions and topic:inventory",
        ),
        (["-p", "topic:inventory", "-p", "{policy}", "-i", "{recording}"], "topic:inventory stands alone"),
    ],
)
def test_what_is_wrong_is_named(recording, policy, arguments, named):
    """A usage error, never a stack trace."""
    given = [one.format(recording=recording, policy=policy(80)) for one in arguments]
    error = invoke(*given).exception
    assert isinstance(error, UsageError)
    assert named in str(error)


def test_a_recording_that_is_none_is_refused(recording, policy):
    """And a bad line among good ones is named."""
    recording.write_text("garbage\n")
    assert "is it a recording?" in str(invoke("-p", policy(80), "-i", recording).exception)
