"""Whether today's schemas still read what released ones wrote (BACKWARD_TRANSITIVE, as a Schema Registry calls it).

`python -m schemas.compat VERSION` keeps today's schemas as released; a test compares every release with today.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

from schemas.derive import AVSC

RELEASED: Final = Path(__file__).parent / "released"


def problems_between(reader: str, writer: str) -> tuple[str, ...]:
    """Why a reader with the one schema text cannot read what was written with the other; empty if it can."""
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # avro leaves it untyped
    result = checker.get_compatibility(avro.schema.parse(reader), avro.schema.parse(writer))
    if result.compatibility is SchemaCompatibilityType.compatible:
        return ()
    return tuple(sorted(result.messages)) or ("incompatible",)


def problems() -> Iterator[str]:
    """Every released schema that today's cannot read, with the reason and the file."""
    for released in sorted(RELEASED.glob("*/*.avsc")):
        current = AVSC / released.name
        if not current.exists():
            yield f"{released.parent.name}/{released.name}: the record is gone"
            continue
        for reason in problems_between(current.read_text(), released.read_text()):
            yield f"{released.parent.name}/{released.name}: {reason}"


def release(version: str) -> int:
    """Keep today's schemas as those of a version; returns how many."""
    target = RELEASED / version
    target.mkdir(parents=True, exist_ok=True)
    files = sorted(AVSC.glob("*.avsc"))
    for file in files:
        shutil.copyfile(file, target / file.name)
    return len(files)


if __name__ == "__main__":
    sys.stdout.write(f"{release(sys.argv[1])} schemas kept as {sys.argv[1]}\n")
