"""How a recording's bytes become objects with line numbers."""

import io
import json

import pytest

from advisor.recorded.lines import Line, read_lines
from advisor.recorded.model import BadLine


def numbers_and_values(data: bytes):
    return [(line.number, getattr(line, "value", None)) for line in read_lines(io.BytesIO(data))]


def test_one_object_a_line():
    """Each line is an object with its number."""
    assert numbers_and_values(b'{"a":1}\n{"a":2}\n') == [(1, {"a": 1}), (2, {"a": 2})]


def test_blank_lines_are_passed_over_but_counted_in_numbers():
    """A blank line is neither good nor bad."""
    assert numbers_and_values(b'\n \t\r\n{"a":1}\r\n\n') == [(3, {"a": 1})]


def test_a_byte_order_mark_is_no_fault():
    """Editors of other systems put one there."""
    assert numbers_and_values(b'\xef\xbb\xbf{"a":1}\n') == [(1, {"a": 1})]


def test_an_array_is_read_element_by_element():
    """Inspektor Gadget's form of 2020; an element has the number of the line it begins on."""
    data = json.dumps([{"a": 1}, {"a": 2}], indent=1).encode()
    assert numbers_and_values(b"\n" + data) == [(3, {"a": 1}), (6, {"a": 2})]


def test_an_array_on_one_line():
    """Without any line ends."""
    assert numbers_and_values(b'[{"a":1},{"a":2}]') == [(1, {"a": 1}), (1, {"a": 2})]


def test_an_array_cut_off_keeps_what_stands_before_the_cut():
    """As a recording does that was stopped in the middle of a write."""
    first, rest = read_lines(io.BytesIO(b'[\n{"a":1},\n{"a":'))
    assert (first.value, rest.number) == ({"a": 1}, 3)
    assert isinstance(rest, BadLine)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"nonsense", "not JSON"),
        (b'{"a":', "not JSON"),
        (b"12", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"\xff\xfe", "not UTF-8"),
        (b"{" * 100_000, "not JSON"),
        (b'{"a":' * 100_000, "not JSON"),
    ],
)
def test_a_line_that_is_no_object_is_a_value_with_its_reason(data, reason):
    """And the lines after it are read."""
    bad, good = read_lines(io.BytesIO(data + b'\n{"a":1}\n'))
    assert (bad.number, good.number) == (1, 2)
    assert reason in bad.reason
    assert isinstance(good, Line)


def test_a_bracket_later_on_is_one_bad_line():
    """Only a file that begins with a bracket is an array; after any other line, good or bad, the rest is read."""
    for first in (b'{"a":1}', b"garbage"):
        assert numbers_and_values(first + b'\n\n[{"a":2}\n{"a":3}\n')[1:] == [(3, None), (4, {"a": 3})]
