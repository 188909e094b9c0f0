"""What `follow` refuses before it asks anybody: by the option's name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from advisor.cli import cli
from schemas.errors import UsageError


def refused(*words):
    """The error, where no Kafka answers, which would be another one."""
    done = CliRunner().invoke(cli, ["follow", "--brokers", "127.0.0.1:1", *map(str, words)])
    assert isinstance(done.exception, UsageError), done.output
    return str(done.exception)


@pytest.mark.parametrize("text", ["", "/", "/name", "namespace/", "a/b/c", "//c", "a//c"])
def test_a_lease_is_a_name_or_a_namespace_and_a_name(text):
    """With one slash more, the server would be asked for a path that is none."""
    assert refused("--lease", text).startswith(f"--lease {text}: write NAMESPACE/NAME")


@pytest.mark.parametrize("name", ["ours", "network-policy-follow"])
def test_a_lease_that_is_named_and_not_wanted_is_refused(name):
    """The default's name, too: whoever writes it wants one."""
    assert refused("--lease", name, "--no-lease").startswith("--lease cannot be given with --no-lease")


@pytest.mark.parametrize("option", ["--kubeconfig=c", "--context=c", "--namespaces=n", "--no-lease", "--settle=2"])
def test_what_is_about_a_server_is_refused_with_files(option, tmp_path):
    """It would have no effect."""
    said = refused("--objects", tmp_path / "objects.yaml", option)
    assert said == f"{option.partition('=')[0]} cannot be given with --objects: files are not watched"


def test_a_kubeconfig_that_is_not_there_is_named(tmp_path):
    """As it was given."""
    said = refused("--kubeconfig", tmp_path / "none")
    assert said.startswith(f"no way to the Kubernetes API: kubeconfig {tmp_path / 'none'}: ")


def test_a_kubeconfig_of_the_environment_is_named_too(tmp_path):
    """The library reads the variable when it is imported."""
    command = [Path(sys.executable).with_name("network-policy"), "follow", "--brokers", "127.0.0.1:1", "--context", "c"]
    env = {**os.environ, "KUBECONFIG": str(tmp_path / "none")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith(f"network-policy: no way to the Kubernetes API: kubeconfig {tmp_path / 'none'}: ")
