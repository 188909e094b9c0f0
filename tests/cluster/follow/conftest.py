"""`follow` against the real API server: objects in few words, the program, and what it has published."""

import pytest
from inventory_reader import reading
from program_fixtures import run

__all__ = ["run"]


@pytest.fixture
def inventory(kafka):
    """What is published."""
    with reading(kafka) as reader:
        yield reader
