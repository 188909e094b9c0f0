"""The generated reference pages are what the code says."""

import pytest

from advisor.reference import DOCS, pages


@pytest.mark.parametrize("name", ["topics.md", "commands.md", "metrics.md"])
def test_the_page_is_generated_from_the_code(name):
    """`python -m advisor.reference` was run after the last change."""
    assert (DOCS / name).read_text() == pages()[name]
