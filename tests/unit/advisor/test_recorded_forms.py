"""Which form a line has, and what a recording keeps of it."""

import pytest

from advisor.recorded.forms import parse
from schemas.codec import BadRecord
from schemas.errors import UsageError


def test_the_forms_are_told_apart_by_their_fields(take, enriched_object):
    """One file may hold them all."""
    message = {"type": "debug", "message": "attached"}
    event = {"type": "accept", "remote_kind": "other", "remote_other": "203.0.113.7", "port": 80,
             "local_pod_namespace": "demo", "local_pod_name": "web", "local_pod_labels": {"app": "web"}}  # fmt: skip
    recording, bad = take(enriched_object, event, message)
    assert bad == []
    assert recording.good == 3
    assert (len(list(recording.windows.windows())), len(recording.events)) == (1, 1)
    assert recording.skipped == {"debug message": 1}


def test_an_unknown_form_names_its_fields(take):
    """So that a person sees what was fed in."""
    _, bad = take({"src": "10.0.0.1", "dst_port": 80})
    assert [(line.number, line.reason) for line in bad] == [(1, "no known form has the fields dst_port, src")]


def test_bad_lines_are_counted_and_the_rest_is_kept(take, enriched_object):
    """A wrong port in one line leaves the next as it is."""
    recording, bad = take({**enriched_object, "port": 0}, enriched_object, b"garbage")
    assert (recording.good, recording.bad, [line.number for line in bad]) == (1, 2, [1, 3])


def test_raw_lines_without_objects_end_the_reading(take, raw_object):
    """At the first one, with advice; the recording may be long."""
    with pytest.raises(UsageError, match=r"line 1 .* --objects"):
        take(raw_object)


def test_enriched_lines_of_one_edge_add_up(take, enriched_object):
    """In one window, with first and last sighting of all."""
    later = {**enriched_object, "count": 5, "last_seen": "2026-01-02T03:04:50Z"}
    recording, _ = take(later, enriched_object)
    (window,) = recording.windows.windows()
    (edge,) = window.edges
    assert (edge.count, edge.last_seen - edge.first_seen) == (17, 44_322)
    assert window.start % 300_000 == 0


@pytest.mark.parametrize("kind", ["external", "node", "apiserver", "unresolved"])
def test_an_address_with_a_zone_is_refused_by_name(enriched_object, kind):
    """A zone means something on one node only, and no policy can hold it."""
    peer = {"kind": kind, "address": "fe80::1%eth0", "node": "n1", "reason": "no_lease"}
    with pytest.raises(BadRecord, match=r"address has a zone.*fe80::1%eth0"):
        parse({**enriched_object, "peer": peer})
