"""Which of the tricky cases of sections A to F are tested here, and why the others are not."""

import re
from pathlib import Path

SECTIONS = {
    "a": range(1, 17),
    "b": range(17, 26),
    "c": range(26, 39),
    "d": range(39, 51),
    "e": range(51, 55),
    "f": range(55, 57),
}
NOT_OBSERVED = {
    "a15": "endPort is a form of writing ports",
    "c35": "TCP is added to UDP's port 53 where rules are made",
    "c36": "which directions a policy has is decided where it is written",
    "d48": "whom a selector hits is asked where it is written",
    "e54": "what a union of rules admits is asked of the rules",
}


def test_every_case_has_a_test_or_a_reason_why_no_edge_shows_it():
    """A test carries its case's letter and number; the reasons are for cases of the policy's text alone."""
    cases = {f"{letter}{number:02}" for letter, numbers in SECTIONS.items() for number in numbers}
    texts = [file.read_text() for file in Path(__file__).parent.glob("test_tricky_[a-f].py")]
    tested = {case for text in texts for case in re.findall(r"^def test_([a-f]\d\d)_", text, re.MULTILINE)}
    assert (cases - tested, tested & set(NOT_OBSERVED)) == (set(NOT_OBSERVED), set())
