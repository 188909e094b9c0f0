"""A recording's bytes as JSON objects with the numbers of their lines: JSON lines, or one JSON array."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, TypeAlias

from advisor.recorded.model import BadLine

_BOM: Final = b"\xef\xbb\xbf"
_PROGRESS_LINES: Final = 1_000
_BETWEEN: Final = " \t\r\n,[]"


@dataclass(frozen=True, slots=True)
class Line:
    """A readable line.

    Attributes:
        number: Counted from 1; of an array's element, the line it begins on.
        value: The JSON object.
    """

    number: int
    value: dict[str, Any]


ReadLine: TypeAlias = Line | BadLine


def read_lines(stream: BinaryIO, progress: Callable[[int], None] | None = None) -> Iterator[ReadLine]:
    """The objects of a recording, one after the other; blank lines are passed over.

    `progress` is told now and then how many bytes have been read.

    A file that begins with `[` is read as a whole, as one JSON array; any other line by line, however long it is.
    A later line that begins so is one bad line.
    """
    end, begun = 0, False
    for number, data in enumerate(stream, 1):
        end += len(data)
        if progress is not None and number % _PROGRESS_LINES == 0:
            progress(end)
        content = data.removeprefix(_BOM).strip() if number == 1 else data.strip()
        if not begun and content.startswith(b"["):
            yield from _array(data.removeprefix(_BOM) + stream.read(), number)
            return
        if content:
            begun = True
            yield _line(content, number)


def _line(content: bytes, number: int) -> ReadLine:
    try:
        value = json.loads(content.decode())
    except UnicodeDecodeError as error:
        return BadLine(number, f"not UTF-8: byte {error.start + 1} of the line")
    except (ValueError, RecursionError) as error:
        return BadLine(number, f"not JSON: {error}")
    return _object(value, number)


def _object(value: Any, number: int) -> ReadLine:
    if not isinstance(value, dict):
        return BadLine(number, f"not a JSON object but {json.dumps(value)[:40]}")
    return Line(number, value)


def _array(data: bytes, number: int) -> Iterator[ReadLine]:
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
        yield _object(value, number)
        position = _next(content, position)


def _next(content: str, position: int) -> int:
    while position < len(content) and content[position] in _BETWEEN:
        position += 1
    return position
