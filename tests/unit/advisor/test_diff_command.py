"""`network-policy diff` as a person or CI runs it on files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from policy_manifests import manifest, pods

from advisor.commands.diff import diff
from schemas.errors import UsageError

COMMAND = str(Path(sys.executable).with_name("network-policy"))


@pytest.fixture
def policy(tmp_path):
    """Writes a policy that admits one port."""

    def write(name, port):
        path = tmp_path / f"{name}.yaml"
        rule = {"from": [pods("web")], "ports": [{"port": port}]}
        path.write_text(yaml.safe_dump(manifest("cart", "cart", ingress=[rule])))
        return str(path)

    return write


@pytest.mark.parametrize(("port", "code"), [(80, 0), (81, 1)])
def test_the_installed_command_ends_with_the_exit_code(policy, port, code):
    """0 if both mean the same, 1 if not."""
    command = [COMMAND, "diff", policy("one", 80), policy("other", port)]
    result = subprocess.run(command, capture_output=True, check=False, text=True)
    assert result.returncode == code, result.stderr
    assert ("allow the same" in result.stdout) != bool(code)
    assert "Traceback" not in result.stderr


def test_a_program_gets_one_document_in_either_form(policy):
    """With the texts if they are asked for."""
    arguments = [policy("one", 80), policy("other", 81), "--text", "-o"]
    texts = [CliRunner().invoke(diff, [*arguments, form]).stdout for form in ("json", "yaml")]
    found = json.loads(texts[0])
    assert found == yaml.safe_load(texts[1])
    assert [one["ports"] for one in found["allowed_by_first_alone"]] == [["TCP 80"]]
    assert [one["ports"] for one in found["allowed_by_second_alone"]] == [["TCP 81"]]
    assert "-    - port: 80" in found["text"]


def test_what_cannot_be_read_is_named(policy, tmp_path):
    """Either of the two, with file, document and field."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(yaml.safe_dump(manifest("p", ingress=[{"ports": [{"port": 0}]}])))
    for arguments in ([policy("one", 80), str(wrong)], [str(wrong), policy("one", 80)]):
        error = CliRunner().invoke(diff, arguments).exception
        assert isinstance(error, UsageError)
        assert f"{wrong}, document 1: spec.ingress[0].ports[0].port" in str(error)
