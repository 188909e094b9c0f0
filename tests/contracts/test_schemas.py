"""The .avsc files, the dataclasses and the released schemas agree."""

import json

import pytest

from schemas.codec import codec
from schemas.compat import RELEASED, problems, problems_between
from schemas.derive import AVSC, file_name, schema_text
from schemas.topics import RECORDS, TOPICS


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_the_avsc_file_is_the_dataclass(record):
    """`python -m schemas.derive` was run after the last change."""
    assert (AVSC / file_name(record)).read_text() == schema_text(record)


def test_every_avsc_file_belongs_to_a_topic():
    """No file is left of a record that is gone."""
    assert {path.name for path in AVSC.glob("*.avsc")} == {file_name(record) for record in RECORDS}


def test_every_field_says_what_it_is():
    """Outside readers see a doc on every field of every record."""

    def undocumented(schema):
        if isinstance(schema, list):
            return [name for branch in schema for name in undocumented(branch)]
        if not isinstance(schema, dict):
            return []
        fields = schema.get("fields", [])
        own = [f"{schema['name']}.{field['name']}" for field in fields if not field.get("doc")]
        inner = [schema.get(part) for part in ("items", "values")] + [field["type"] for field in fields]
        inner += [schema["type"]] if isinstance(schema.get("type"), dict | list) else []
        return own + [name for part in inner for name in undocumented(part)]

    assert [undocumented(json.loads(codec(record).schema.text)) for record in RECORDS] == [[] for _ in RECORDS]


def test_released_schemas_can_still_be_read():
    """An incompatible change of a record fails here: give the new field a default, or add a record."""
    assert list(problems()) == []
    assert {path.name for path in RELEASED.glob("*/*.avsc")} >= {"connection_batch.avsc", "workload_window.avsc"}


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_the_check_notices_a_new_field_without_default(record):
    """The check itself can fail."""
    changed = json.loads(schema_text(record))
    changed["fields"].append({"name": "new_and_required", "type": "string"})
    assert problems_between(json.dumps(changed), schema_text(record))


def test_the_check_allows_a_new_field_with_default():
    """The ordinary way to extend a record."""
    changed = json.loads(schema_text(RECORDS[0]))
    changed["fields"].append({"name": "new", "type": "string", "default": ""})
    assert problems_between(json.dumps(changed), schema_text(RECORDS[0])) == ()


def test_fingerprints_tell_the_records_apart():
    """A reader that finds a fingerprint knows the record."""
    assert len({codec(record).schema.fingerprint for record in RECORDS}) == len(RECORDS)
    assert all(len(codec(record).schema.fingerprint) == 8 for record in RECORDS)


def test_topics_by_workload_are_those_that_share_partitions():
    """One function places a workload in all of them."""
    assert [topic.name for topic in TOPICS if topic.by_workload] == [
        "netpol.workload-edges",
        "netpol.workload-windows",
        "netpol.policy-suggestions",
        "netpol.policy-violations",
    ]
