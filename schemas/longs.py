"""Arrays of longs as Avro writes them, many at once.

A long is zigzag (its sign moves to the lowest bit), then seven bits a byte, the lowest first, the highest bit set on
all bytes but the last. An array is its length, its items, and a zero (Avro specification, "Binary encoding").
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_BITS: Final = 7
_LOW: Final = np.uint64(0x7F)


def long(value: int) -> bytes:
    """One number; raises OverflowError if it is none of 64 bits."""
    if not -(1 << 63) <= value < 1 << 63:
        raise OverflowError(f"{value} is no long")
    left, found = (value << 1) ^ (value >> 63), bytearray()
    while left > 0x7F:  # noqa: PLR2004  seven bits
        found.append(left & 0x7F | 0x80)
        left >>= _BITS
    found.append(left)
    return bytes(found)


def arrays(values: NDArray[np.int64], ends: Sequence[int]) -> Iterator[bytes]:
    """Consecutive parts of the values, each as an array.

    Args:
        values: One after the other.
        ends: Of each part, exclusive; the last is the number of values.
    """
    written, places = _longs(values)
    begin = 0
    for end in ends:
        if begin == end:
            yield b"\0"
        else:
            yield b"".join((long(end - begin), written[places[begin] : places[end]].tobytes(), b"\0"))
        begin = end


def _longs(values: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All values' bytes; where each begins, and at last where they end."""
    left = ((values << 1) ^ (values >> 63)).view(np.uint64)
    longest = _length(int(left.max(initial=0)))
    if longest == 1:
        return left.astype(np.uint8), np.arange(len(values) + 1)
    if longest == _length(int(left.min())):
        return _of_one_length(left, longest)
    lengths = np.ones(len(values), np.int64)
    for number in range(1, longest):
        lengths += left >= np.uint64(1 << number * _BITS)
    places = np.concatenate(([0], np.cumsum(lengths)))
    written = np.empty(places[-1], np.uint8)
    at, of = places[:-1], left
    while True:
        longer = np.flatnonzero(of > _LOW)
        low = (of & _LOW).astype(np.uint8)
        low[longer] |= 0x80
        written[at] = low
        if not len(longer):
            return written, places
        at, of = at[longer] + 1, of[longer] >> np.uint64(_BITS)


def _length(value: int) -> int:
    """How many bytes it takes."""
    return max(1, -(-value.bit_length() // _BITS))


def _of_one_length(left: NDArray[np.uint64], length: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Times of one day, say."""
    shifts = np.arange(0, length * _BITS, _BITS, dtype=np.uint64)
    written = ((left[:, np.newaxis] >> shifts) & _LOW).astype(np.uint8)
    written[:, :-1] |= 0x80
    return written.reshape(-1), np.arange(0, (len(left) + 1) * length, length)
