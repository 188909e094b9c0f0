"""A recording's bytes as JSON objects with the numbers of their lines: JSON lines, or one JSON array."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, TypeAlias

from advisor.recorded.model import BadLine

_BOM: Final = b"\xef\xbb\xbf"
_BETWEEN: Final = " \t\r\n,[]"


@dataclass(frozen=True, slots=True)
class Line:
    """A readable line.

    Attributes:
        number: Counted from 1; of an array's element, the line it begins on.
        value: The JSON object.
        end: Bytes read so far.
    """

    number: int
    value: dict[str, Any]
    end: int


ReadLine: TypeAlias = Line | BadLine


def read_lines(stream: BinaryIO) -> Iterator[ReadLine]:
    """The objects of a recording, one after the other; blank lines are passed over.

    A file that begins with `[` is read as a whole, as one JSON array; any other line by line, however long it is.
    """
    end = 0
    for number, data in enumerate(stream, 1):
        end += len(data)
        content = data.removeprefix(_BOM).strip() if number == 1 else data.strip()
        if content.startswith(b"["):
            yield from _array(data.removeprefix(_BOM) + stream.read(), number, end)
            return
        if content:
            yield _line(content, number, end)


def _line(content: bytes, number: int, end: int) -> ReadLine:
    try:
        value = json.loads(content.decode())
    except UnicodeDecodeError as error:
        return BadLine(number, f"not UTF-8: byte {error.start + 1} of the line")
    except (ValueError, RecursionError) as error:
        return BadLine(number, f"not JSON: {error}")
    return _object(value, number, end)


def _object(value: Any, number: int, end: int) -> ReadLine:
    if not isinstance(value, dict):
        return BadLine(number, f"not a JSON object but {json.dumps(value)[:40]}")
    return Line(number, value, end)


def _array(data: bytes, number: int, end: int) -> Iterator[ReadLine]:
    """Element by element, so that an array cut off in the middle keeps what stands before the cut."""
    try:
        content = data.decode()
    except UnicodeDecodeError as error:
        yield BadLine(number + data.count(b"\n", 0, error.start), "not UTF-8")
        return
    decoder = json.JSONDecoder()
    before, position = 0, _next(content, 0)
    while position < len(content):
        number += content.count("\n", before, position)
        before = position
        try:
            value, position = decoder.raw_decode(content, position)
        except (ValueError, RecursionError) as error:
            yield BadLine(number, f"not JSON, and the rest of the array cannot be read: {error}")
            return
        yield _object(value, number, end)
        position = _next(content, position)


def _next(content: str, position: int) -> int:
    while position < len(content) and content[position] in _BETWEEN:
        position += 1
    return position
