"""What Faust's application hands to us of the connections' topic, without a worker around it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from schemas.kafka import KafkaSettings
from schemas.topics import CONNECTIONS
from streams.intake import Arrival, Intake
from streams.worker.app import FaustPort, create_app
from streams.worker.settings import StreamSettings


@asynccontextmanager
async def receiving(kafka: KafkaSettings, path: Path) -> AsyncIterator[tuple[FaustPort, Intake]]:
    """An application that has its partitions and receives, with an empty folder; it ends with the block."""
    port, intake = FaustPort(create_app(StreamSettings(kafka), path)), Intake()
    port.receive(kafka.topic(CONNECTIONS), intake)
    serving = asyncio.create_task(port.serve())
    try:
        await asyncio.wait_for(port.assigned.wait(), 30)
        yield port, intake
    finally:
        serving.cancel()
        await port.close()


async def taken(intake: Intake, count: int) -> list[Arrival]:
    """The next records, so many."""
    arrivals: list[Arrival] = []
    while len(arrivals) < count:
        arrivals += await asyncio.wait_for(intake.take(count - len(arrivals), 0.1), 30)
    return arrivals
