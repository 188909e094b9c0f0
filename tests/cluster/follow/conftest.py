"""`follow` against the real API server: objects in few words, the program, and what it has published."""

import pytest
from inventory_reader import reading
from programs import programs


@pytest.fixture
def run(kafka, tmp_path):
    """The installed programs; they end with the test."""
    with programs(kafka, tmp_path / "logs") as started:
        yield started


@pytest.fixture
def inventory(kafka):
    """What is published."""
    with reading(kafka) as reader:
        yield reader
