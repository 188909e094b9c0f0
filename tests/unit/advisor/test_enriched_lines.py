"""The enriched form: what it says, and what it refuses."""

import json
from dataclasses import replace

import pytest

from advisor.recorded.enriched import parse_enriched
from advisor.recorded.enriched_text import enriched_text
from schemas.codec import BadRecord
from schemas.records import ExternalPeer, Role, ServiceRef, Workload, WorkloadPeer


def test_the_form_of_the_design_is_read(enriched_object):
    """Subject, peer and edge, with the count at the subject's own end."""
    line = parse_enriched(enriched_object)
    web = WorkloadPeer(Workload("demo", "Deployment", "web", (("app", "web"),)))
    assert line.workload == Workload("demo", "Deployment", "cart", (("app", "cart"),))
    assert (line.edge.role, line.edge.peer, line.edge.port) == (Role.SERVER, web, 7070)
    assert (line.edge.client_count, line.edge.server_count, line.edge.attempts) == (0, 12, 0)
    assert line.edge.last_seen - line.edge.first_seen == 322


def test_attempts_are_no_connections(enriched_object):
    """`established: false` makes the count one of attempts."""
    edge = parse_enriched({**enriched_object, "established": False}).edge
    assert (edge.count, edge.attempts) == (0, 12)


def test_a_count_of_none_is_an_edge_that_was_open(enriched_object):
    """It is written and read back as established, with the ends that saw it."""
    line = parse_enriched({**enriched_object, "count": 0, "seen_by": ["client", "server"]})
    assert (line.edge.established, line.edge.count, line.edge.seen_by) == (True, 0, (Role.CLIENT, Role.SERVER))
    (text,) = enriched_text(line)
    assert parse_enriched(json.loads(text)) == line


def test_no_attempts_are_nothing(enriched_object):
    """A count of none is no evidence if it is one of attempts."""
    assert not parse_enriched({**enriched_object, "count": 0, "established": False}).edge.established


@pytest.mark.parametrize(
    "peer",
    [
        {"kind": "external", "address": "203.0.113.7"},
        {"kind": "node", "address": "192.0.2.1"},
        {"kind": "node", "address": "192.0.2.1", "node": "n1", "own": True},
        {"kind": "apiserver", "address": "2001:db8::1"},
        {"kind": "unresolved", "address": "10.1.0.9", "reason": "no_lease"},
    ],
)
def test_every_kind_of_peer_is_written_as_it_was_read(enriched_object, peer):
    """The closed union of peers, both ways."""
    line = parse_enriched({**enriched_object, "peer": peer})
    (text,) = enriched_text(line)
    assert json.loads(text)["peer"] == peer


def test_what_is_written_is_read_back(enriched_object):
    """Services, ends and attempts included: one line of connections, one of attempts."""
    line = parse_enriched({**enriched_object, "seen_by": ["client", "server"], "bases": ["ACCEPT", "CONNECT"]})
    edge = replace(line.edge, attempts=3, services=(ServiceRef("demo", "cart", 80),))
    connections, attempts = (parse_enriched(json.loads(text)).edge for text in enriched_text(replace(line, edge=edge)))
    assert connections == replace(edge, attempts=0)
    assert attempts == replace(edge, client_count=0, server_count=0)


def test_a_mapped_address_is_unwrapped(enriched_object):
    """::ffff:203.0.113.7 is 203.0.113.7."""
    peer = {"kind": "external", "address": "::ffff:203.0.113.7"}
    assert parse_enriched({**enriched_object, "peer": peer}).edge.peer == ExternalPeer("203.0.113.7")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"role": "source"}, "role"),
        ({"role": None}, "role"),
        ({"protocol": "ICMP"}, "protocol"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"port": "80"}, "port"),
        ({"port": True}, "port"),
        ({"count": -1}, "count"),
        ({"count": 1.5}, "count"),
        ({"first_seen": "yesterday"}, "first_seen"),
        ({"last_seen": "2020-01-01T00:00:00Z"}, "last_seen"),
        ({"established": "yes"}, "established"),
        ({"seen_by": ["everyone"]}, "seen_by"),
        ({"bases": ["GUESS"]}, "bases"),
        ({"services": [{"name": "x"}]}, "namespace"),
        ({"peer": {"kind": "stranger"}}, "peer kind"),
        ({"peer": {"kind": "external", "address": "example.org"}}, "address"),
        ({"workload": "demo/cart"}, "workload"),
        ({"workload": {"namespace": "../..", "kind": "Deployment", "name": "cart"}}, "namespace"),
        ({"workload": {"namespace": "demo", "kind": "Deployment", "name": "../cart"}}, "name"),
        ({"workload": {"namespace": "demo", "kind": "Prometheus", "name": "cart"}}, "kind"),
        ({"workload": {"namespace": "demo", "kind": "Pod", "name": "p", "selector": {"a b": "c"}}}, "selector"),
        ({"workload": {"namespace": "demo", "kind": "Pod", "name": "p", "selector": {"a": 1}}}, "selector"),
    ],
)
def test_a_wrong_field_is_named(enriched_object, change, named):
    """The reason begins with the field, or names it."""
    with pytest.raises(BadRecord, match=named):
        parse_enriched({**enriched_object, **change})
