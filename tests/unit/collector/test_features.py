"""Each feature is on or off with a reason; only TCP must be on."""

import pytest

from collector.check import Check
from collector.features import OPTIONAL, Feature, Features, State, switched_off
from schemas.errors import KernelUnavailable, UsageError

THERE = Check("sun", ok=True, found="there", advice="")
MISSING = Check("moon", ok=False, found="not full", advice="wait two weeks")


def _features(**lacking):
    return Features(tuple(State(one, (THERE, *lacking.get(one.name.lower(), ()))) for one in Feature))


def test_a_feature_is_on_if_nothing_is_missing():
    """Then there is nothing to say."""
    features = _features()
    assert all((features.tcp, features.udp, features.older, features.pods, features.host_network))
    assert features.off() == ()


@pytest.mark.parametrize("feature", list(Feature))
def test_what_is_missing_costs_its_own_feature_only(feature):
    """The flags of the others stay."""
    features = _features(**{feature.name.lower(): (MISSING,)})
    assert [name for name, on in features.flags().items() if not on] == [feature.value]
    assert not getattr(features, feature.name.lower())


def test_a_feature_that_is_off_says_why_in_one_line():
    """What is not seen, what is missing, and what to do."""
    (line,) = _features(udp=(MISSING,)).off()
    assert line == "udp is off, not seen: UDP flows (moon: not full). To have them: wait two weeks"


def test_a_feature_that_was_switched_off_says_by_whom():
    """No advice: it is as it was wanted."""
    state = State(Feature.UDP, (THERE, MISSING), switched_off=True)
    assert (state.on, state.reason, state.advice) == (False, "switched off by --without udp", "")


def test_only_what_is_required_ends_the_program(tmp_path):
    """All else is a warning."""
    (tmp_path / "cgroup.controllers").touch()
    assert _features(udp=(MISSING,), older=(MISSING,), pods=(MISSING,)).require(tmp_path) == tmp_path
    with pytest.raises(KernelUnavailable, match="moon: not full"):
        _features(tcp=(MISSING,)).require()


def test_features_are_switched_off_by_their_names():
    """The option may be repeated."""
    assert switched_off(["udp", "host-network", "udp"]) == {Feature.UDP, Feature.HOST_NETWORK}


@pytest.mark.parametrize("name", ["tcp", "icmp", "UDP", ""])
def test_what_cannot_be_switched_off_is_a_usage_error(name):
    """TCP is required; a misspelt name must not leave a feature on."""
    with pytest.raises(UsageError, match=r"name one of udp, older, pods, host-network"):
        switched_off([name])


def test_every_feature_but_tcp_is_optional():
    """As `--help` shows them."""
    assert tuple(feature.value for feature in Feature if feature is not Feature.TCP) == OPTIONAL
