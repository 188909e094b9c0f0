"""The fast way from the kernel's bytes to a batch is the plain way, and no bytes stop it."""

import random
from dataclasses import replace

from edge_rows import broken_rows, sound_rows
from hypothesis import given
from hypothesis import strategies as st

from collector.batch import Boot, Progress, batches_of
from collector.columns import columns_of, sound
from collector.drain import Drained
from collector.layout import KEY, VALUE, Counter, decode
from schemas.codec import BadRecord, codec
from schemas.records import ConnectionBatch, Connections

BOOT = Boot("c", "n", "b", batch_rows=1_000)
NONE = (0,) * len(Counter)
OFFSETS = st.integers(-(2**62), 2**62)
COOKIE, CGROUP = 2, 3


def pod_uid(cookie, cgroup):
    """Some are known."""
    return f"pod-{(cookie + cgroup) % 3}" if (cookie + cgroup) % 3 else ""


def plainly(rows, offset, start):
    """One `Connection` a row, as the layout decodes it."""
    places = [KEY.unpack(key)[COOKIE : CGROUP + 1] for key, _ in rows]
    decoded = [replace(decode(*row, offset), pod_uid=pod_uid(*place)) for row, place in zip(rows, places, strict=True)]
    return Connections.of(decoded, start)


def is_edge(row):
    try:
        decode(*row, 0)
    except BadRecord:
        return False
    return True


@given(st.lists(sound_rows, max_size=20), OFFSETS, st.integers(0, 2**42))
def test_columns_are_those_of_the_decoded_rows(rows, offset, start):
    """Table by table and column by column."""
    assert columns_of(rows, offset, start, pod_uid) == plainly(rows, offset, start)


@given(st.lists(sound_rows | broken_rows(), max_size=20))
def test_a_row_is_sound_if_it_can_be_decoded(rows):
    """None is lost, none is doubled, order is kept."""
    good, bad = sound(rows)
    assert list(good) == [row for row in rows if is_edge(row)]
    assert list(bad) == [row for row in rows if not is_edge(row)]


@given(st.lists(sound_rows | broken_rows(), max_size=20), st.integers(0, 2**62), st.integers(0, 2**62))
def test_any_bytes_become_a_batch_that_can_be_published_and_a_count(rows, utc_ns, boot_ns):
    """Rows in are edges out and bad records; the batch comes back from the wire as it was."""
    (batch,), after = batches_of(BOOT, Progress(0), Drained(tuple(rows), NONE, utc_ns, boot_ns), {})
    assert len(batch.connections) + after.bad_records == len(rows)
    assert codec(ConnectionBatch).decode(codec(ConnectionBatch).encode(batch)) == batch


def test_a_hundred_thousand_rows_of_noise_are_edges_or_counted():
    """Seeded: whole rows of noise, and rows of which a few bytes are noise."""
    noise = random.Random(4)  # noqa: S311  a test's noise is no secret
    base = KEY.pack(b"\x0a", b"\x0b", 1, 2, 80, 2, 6, 0, 0, 1)
    rows = []
    for number in range(100_000):
        key, value = bytearray(base), bytearray(VALUE.pack(number, number, number))
        for _ in range(noise.randrange(3)):
            key[noise.randrange(KEY.size)] = noise.randrange(256)
            value[noise.randrange(VALUE.size)] = noise.randrange(256)
        if number % 10 == 0:
            key, value = noise.randbytes(noise.randrange(2 * KEY.size)), noise.randbytes(noise.randrange(30))
        rows.append((bytes(key), bytes(value)))
    batches, after = batches_of(BOOT, Progress(0), Drained(tuple(rows), NONE, 10**18, 10**12), {})
    edges = sum(len(batch.connections) for batch in batches)
    assert edges + after.bad_records == len(rows)
    assert 10_000 < after.bad_records < 40_000
    counted = sum(sum(batch.connections.counts) for batch in batches)
    assert counted == sum(decode(*row, 0).count for row in rows if is_edge(row))
