"""The fixture by which tests start programs, for those who import it into their conftest."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from programs import Programs, programs

from schemas.kafka import KafkaSettings


@pytest.fixture
def run(kafka: KafkaSettings, tmp_path: Path) -> Iterator[Programs]:
    """The installed programs; they end with the test."""
    with programs(kafka, tmp_path / "logs") as started:
        yield started
