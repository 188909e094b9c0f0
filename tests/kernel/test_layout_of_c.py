"""The structures of the C program and of the Python decoder are the same."""

import ctypes
import re
from operator import attrgetter
from pathlib import Path

import pytest

from collector import headers, probe
from collector.layout import COOKIE_BYTES, KEY, KEY_FIELDS, VALUE, VALUE_FIELDS, Counter, State
from collector.probe import MapSizes, Node, compile_here, edges_spec
from schemas.records import Basis, Role

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def compiled(kernel):
    """What bcc makes of the C program."""
    with headers.prepared() as environment, pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        owner, loaded = compile_here(edges_spec(MapSizes(64, 64, 64), Node(packet_cookie=True)))
    yield owner
    owner.cleanup()
    assert set(loaded.maps) == set(edges_spec(MapSizes(64, 64, 64), Node()).maps)


def _offsets(structure):
    fields = [field[0] for field in structure._fields_ if not field[0].startswith(("unused", "__pad"))]
    return [(name, attrgetter(name)(structure).offset) for name in fields]


def _packed_offsets(layout, fields):
    """Where each field's bytes are, found by packing a one into one field after the other."""
    found = []
    for position, name in enumerate(fields):
        values = [b"\1" if code.endswith("s") else 1 for code in layout.format.strip("=x").replace("16s", "s")]
        blank = [b"" if isinstance(value, bytes) else 0 for value in values]
        blank[position] = values[position]
        found.append((name, layout.pack(*blank).index(1)))
    return found


@pytest.mark.parametrize("name", [b"edges_a", b"edges_b"])
def test_keys_and_values_have_the_same_fields_at_the_same_offsets(compiled, name):
    """Sizes too."""
    table = compiled[name]
    assert (ctypes.sizeof(table.Key), ctypes.sizeof(table.Leaf)) == (KEY.size, VALUE.size)
    assert _offsets(table.Key) == _packed_offsets(KEY, KEY_FIELDS)
    assert _offsets(table.Leaf) == _packed_offsets(VALUE, VALUE_FIELDS)


def test_there_are_as_many_counters(compiled):
    """One for each member of the enumeration."""
    assert compiled[b"counters"].max_entries == len(Counter)


def test_the_state_has_the_same_positions(compiled):
    """One for each member of the enumeration, each eight bytes."""
    assert (compiled[b"state"].max_entries, ctypes.sizeof(compiled[b"state"].Leaf)) == (len(State), 8)
    assert ctypes.sizeof(compiled[b"recent"].Key) == COOKIE_BYTES


@pytest.mark.parametrize(
    ("enumeration", "members"),
    [("counter", Counter), ("state", State), ("role", tuple(Role)), ("basis", tuple(Basis)[:5])],
)
def test_enumerations_have_the_same_members_in_the_same_order(enumeration, members):
    """Read from the C text itself."""
    text = "".join(path.read_text() for path in sorted((Path(probe.__file__).parent / "bpf").glob("*.c")))
    body = re.search(rf"enum {enumeration} {{([^}}]*)}}", text).group(1)
    listed = dict(re.findall(r"(\w+) = (\d+)", body))
    expected = {member.name: str(position) for position, member in enumerate(members)}
    assert {name: value for name, value in listed.items() if name not in {"COUNTERS", "STATES"}} == expected
