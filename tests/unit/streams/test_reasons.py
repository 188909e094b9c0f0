"""Every reason that the streams give is in the table, and the table is the reference page."""

import re
from pathlib import Path

import streams
from streams.directory.reasons import IGNORED, UNRESOLVED

STREAMS = Path(streams.__file__).parent
DIRECTORY = STREAMS / "directory"
PAGE = STREAMS.parent / "docs" / "reference" / "reasons.md"
GIVEN = re.compile(r'"([a-z]+(?:_[a-z]+)+|host|loopback|ambiguous)"')
FILES = ("backends.py", "directory.py", "places.py", "pods.py", "resolve.py")


def given():
    """What looks like a reason in the modules that give them."""
    return {name for file in FILES for name in GIVEN.findall((DIRECTORY / file).read_text())}


def test_every_reason_that_is_given_is_explained_and_no_other_is():
    assert given() == set(UNRESOLVED) | set(IGNORED)


def test_the_reference_page_is_the_table():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.read_text(), re.MULTILINE))
    assert rows == {**UNRESOLVED, **IGNORED}
