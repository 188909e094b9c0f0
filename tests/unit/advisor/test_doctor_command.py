"""`network-policy doctor`: a table, warnings, and exit 3 for what is required only."""

import pytest
from click.testing import CliRunner

from advisor.commands import doctor
from collector.check import Check
from collector.features import Feature, Features, State
from schemas.errors import Unavailable

MISSING = Check("moon", ok=False, found="not full", advice="wait two weeks")


@pytest.fixture
def invoke(monkeypatch):
    """The command on a machine on which something is missing for these features."""

    def run(*lacking):
        states = tuple(State(one, (MISSING,) if one in lacking else ()) for one in Feature)
        monkeypatch.setattr(doctor, "available", lambda: Features(states))
        return CliRunner().invoke(doctor.doctor, env={"COLUMNS": "200"})

    return run


def test_all_there(invoke):
    """Nothing is said but the table."""
    result = invoke()
    assert (result.exit_code, result.stderr) == (0, "")
    assert all(feature.sentence in result.stdout for feature in Feature)


@pytest.mark.parametrize("feature", [one for one in Feature if not one.required])
def test_an_optional_feature_that_is_off_is_a_warning(invoke, feature):
    """Exit 0: collect runs without it, and says so too."""
    result = invoke(feature)
    assert (result.exit_code, result.stderr) == (0, f"warning: collect works, without {feature.value}\n")
    (row,) = (line for line in result.stdout.splitlines() if "wait two weeks" in line)
    assert feature.sentence in row
    assert "moon: not full" in row


def test_what_is_required_ends_with_exit_code_3(invoke):
    """The error names it; a warning beside it would only distract."""
    result = invoke(Feature.TCP, Feature.UDP)
    assert isinstance(result.exception, Unavailable)
    assert result.exception.exit_code == 3
    assert str(result.exception) == "nothing can be collected: moon: not full"
    assert result.stderr == ""


def test_a_lack_of_the_demo_is_named_and_costs_nothing_else(invoke, monkeypatch):
    """A node needs no Java."""
    monkeypatch.setattr(doctor.shutil, "which", lambda *_args, **_options: None)
    result = invoke()
    assert result.exit_code == 0
    assert "apt-get install default-jre-headless" in result.stdout
