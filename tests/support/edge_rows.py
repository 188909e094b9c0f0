"""Rows of an edge map, as the kernel and the scan pack them: hypothesis strategies, sound and broken."""

from hypothesis import strategies as st

from collector.layout import KEY, VALUE

FEW = st.integers(0, 3)
ADDRESSES = st.binary(min_size=16, max_size=16) | FEW.map(lambda number: bytes([10, 1, 0, number]))
NANOSECONDS = st.integers(0, 2**63 - 1) | st.integers(0, 10**12)


def key(local=b"\x0a", port=80, cookie=1, cgroup=0, established=1):
    """The key of a TCP client's edge."""
    return KEY.pack(local, b"\x0b", cookie, cgroup, port, 2, 6, 0, 0, established)


sound_keys = st.builds(
    KEY.pack,
    ADDRESSES,
    ADDRESSES,
    FEW | st.integers(0, 2**63 - 1),
    FEW | st.integers(0, 2**64 - 1),
    st.integers(0, 65535),
    st.sampled_from((2, 10)),
    st.sampled_from((6, 17, 132)),
    st.integers(0, 2),
    st.integers(0, 5),
    st.integers(0, 255),
)
sound_values = st.builds(VALUE.pack, st.integers(0, 9) | st.integers(0, 2**63 - 1), NANOSECONDS, NANOSECONDS)
sound_rows = st.tuples(sound_keys, sound_values)


@st.composite
def broken_rows(draw):
    """A sound row with any of its bytes changed, or bytes of any kind and length."""
    row = [bytearray(part) for part in draw(sound_rows)]
    for _ in range(draw(st.integers(1, 3))):
        part = draw(st.sampled_from(row))
        part[draw(st.integers(0, len(part) - 1))] = draw(st.integers(0, 255))
    made = (bytes(row[0]), bytes(row[1]))
    garbage = st.tuples(st.binary(max_size=2 * KEY.size), st.binary(max_size=2 * VALUE.size))
    return draw(st.sampled_from((made, draw(garbage))))
