"""Names, labels and ranges are texts to every reader of the YAML, whatever they look like."""

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import Workload
from synthesizer.evaluator.reader import BadPolicy, read_policies
from synthesizer.inference.model import BlockPeer, Direction, PodsPeer, Port, Rule
from synthesizer.render import PolicyForm, render

TRAPS = [
    "1e3",
    "0o17",
    "y",
    "n",
    "1E5",
    "08",
    "1",
    "12e3",
    "on",
    "Off",
    "yes",
    "NULL",
    "true",
    "0x1f",
    "1_000",
    "1.5",
    "e",
]
NOT_TEXT_SOMEWHERE = re.compile(
    r"y|yes|n|no|on|off|true|false|null|~|"
    r"[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-f_]+|[0-9][0-9_]*(:[0-5]?[0-9])*(\.[0-9_]*)?(e[-+]?[0-9]+)?)|"
    r"[-+]?(\.[0-9_]+(e[-+]?[0-9]+)?|\.inf|\.nan)",
    re.IGNORECASE,
)
label_values = st.sampled_from(TRAPS) | st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,4}[A-Za-z0-9])?", fullmatch=True)


def policy(key, value, namespace="shop"):
    rule = Rule(
        (PodsPeer("other", ((key, value),)), BlockPeer("203.0.113.0/24", ("203.0.113.7/32",))), (Port(80, "TCP"),)
    )
    workload = Workload(namespace, "Deployment", "cart", ((key, value),))
    return render(PolicyForm("cart-network", workload, ((Direction.INGRESS, (rule,)),)))


def plain_scalars(node):
    """Every scalar without quotes, keys too."""
    match node:
        case yaml.ScalarNode():
            return [] if node.style else [node.value]
        case yaml.SequenceNode():
            return [text for inner in node.value for text in plain_scalars(inner)]
        case _:
            return [text for pair in node.value for inner in pair for text in plain_scalars(inner)]


@given(label_values, label_values, st.sampled_from([*TRAPS[:7], "shop"]))
def test_what_is_not_quoted_is_text_to_every_reader(key, value, namespace):
    """By the rules of YAML 1.1 and 1.2 alike; only the port is a number."""
    doubtful = [
        text
        for text in plain_scalars(yaml.compose(policy(key, value, namespace.lower())))
        if NOT_TEXT_SOMEWHERE.fullmatch(text)
    ]
    assert doubtful == ["80"]


@pytest.mark.parametrize("trap", TRAPS)
def test_the_texts_survive(trap):
    """The judge reads what was meant."""
    text = policy(trap, trap)
    assert yaml.safe_load(text)["spec"]["podSelector"] == {"matchLabels": {trap: trap}}
    assert len(read_policies(text)) == 1


@pytest.mark.parametrize("trap", ["1e3", "0o17", "y", "n", "08"])
def test_the_judge_refuses_a_text_that_some_readers_take_for_something_else(trap):
    """So a rendering without quotes could never be proved."""
    text = policy("app", "cart").replace("app: cart", f"app: {trap}")
    with pytest.raises(BadPolicy):
        read_policies(text)


def test_ordinary_names_stay_without_quotes():
    """For the reader's sake."""
    assert "app: cart\n" in policy("app", "cart")
    assert "- 203.0.113.7/32\n" in policy("app", "cart")
