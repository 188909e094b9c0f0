"""Section E of the tricky cases: addresses outside, and of the other family."""

import pytest
from cluster_objects import connection, endpoints, facts, pod, service
from enriching import edges

from schemas.records import ExternalPeer, Role, UnresolvedPeer
from streams.directory.directory import Directory
from streams.objects.addresses import packed

WEB = pod("web", "10.1.0.1", "fd00::1")
DB = pod("db", "10.1.0.2", "fd00::2")


@pytest.mark.parametrize("address", ["10.1.200.7", "10.96.200.7"])
def test_e51_an_unknown_address_inside_the_ranges_is_unresolved_and_never_external(address):
    """Neither of the pods' nor of the Services' range."""
    seen = edges((WEB,), connection("10.1.0.1", address, 80))
    assert seen == [("web", 0, UnresolvedPeer(address, "no_lease"), 80)]


def test_e51_without_the_clusters_ranges_no_address_is_taken_for_an_outsider():
    """Nothing has been heard of the cluster: what is outside of it cannot be told."""
    end = Directory((WEB,)).end(packed("203.0.113.1"), 0, 0)
    assert end.peer == UnresolvedPeer("203.0.113.1", "no_inventory")


def test_e52_all_addresses_of_a_pod_are_known():
    """A connection of either family is the same edge."""
    v4 = edges((WEB, DB), connection("10.1.0.1", "10.1.0.2", 5432))
    v6 = edges((WEB, DB), connection("fd00::1", "fd00::2", 5432))
    assert v4 == v6
    assert [name for name, _, _, _ in v4] == ["db", "web"]


def test_e52_mapped_addresses_are_unwrapped():
    """Sockets of IPv6 that talk IPv4; also where an object says so."""
    mapped = connection("::ffff:10.1.0.1", "::ffff:10.1.0.2", 5432)
    odd = pod("db", "::ffff:10.1.0.2")
    assert (
        edges((WEB, DB), mapped)
        == edges((WEB, odd), mapped)
        == edges((WEB, DB), connection("10.1.0.1", "10.1.0.2", 5432))
    )


def test_e52_all_cluster_addresses_of_a_service_lead_to_it():
    """A dual-stack Service has a slice for each family."""
    both = service("db", "10.96.0.9", "fd00:96::9")
    v4 = endpoints("db", [("10.1.0.2", "db")], suffix="v4")
    v6 = endpoints("db", [("fd00::2", "db")], suffix="v6")
    seen = [
        edges((WEB, DB, both, v4, v6), connection(*pair, 80))
        for pair in (("10.1.0.1", "10.96.0.9"), ("fd00::1", "fd00:96::9"))
    ]
    assert seen[0] == seen[1]
    assert [(name, port) for name, _, _, port in seen[0]] == [("db", 8080), ("web", 8080)]


def test_e52_ranges_of_one_family_say_nothing_of_the_other():
    """An address outside of the IPv6 range is outside, whatever its bits are."""
    directory = Directory((facts(pods=("fd00::/64", "10.1.0.0/16")), WEB))
    ends = [directory.end(packed(address), 0, 0).peer for address in ("2001:db8::a01:1", "fd00::99", "10.1.9.9")]
    assert ends == [
        ExternalPeer("2001:db8::a01:1"), UnresolvedPeer("fd00::99", "no_lease"), UnresolvedPeer("10.1.9.9", "no_lease"),
    ]  # fmt: skip


def test_e53_every_address_outside_is_told_as_it_is():
    """Which of them belong together is decided where windows and rules are made."""
    seen = edges((WEB,), *(connection("10.1.0.1", f"203.0.113.{number}", 443) for number in (1, 2)))
    assert [peer for _, _, peer, _ in seen] == [ExternalPeer("203.0.113.1"), ExternalPeer("203.0.113.2")]


def test_e53_a_client_from_outside_is_told_like_a_server_outside():
    seen = edges((WEB,), connection("10.1.0.1", "2001:db8::7", 443, Role.SERVER))
    assert seen == [("web", 1, ExternalPeer("2001:db8::7"), 443)]
