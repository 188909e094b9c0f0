"""Documents for programs."""

import json

import pytest
import yaml

from advisor.answers import text_of

DOCUMENT = {"z": [1, 2.5, None, True], "a": {"name": "käse", "at": "2026-01-02T03:04:05.678Z", "no": "no"}, "b": []}


@pytest.mark.parametrize(("form", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_a_document_is_read_back_as_it_was(form, read):
    """In its order, with every text as a text."""
    text = text_of(DOCUMENT, form)
    assert read(text) == DOCUMENT
    assert list(read(text)) == ["z", "a", "b"]
    assert text.endswith("\n")
    assert "käse" in text
