"""Many addresses as few prefixes."""

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from synthesizer.addresses import METADATA, PRIVATE, host_network, within
from synthesizer.inference.external import blocks_of
from synthesizer.inference.folding import covering
from synthesizer.options import Options

v4 = st.integers(0, 2**32 - 1).map(ip_address)
v6 = st.integers(0, 2**128 - 1).map(lambda number: ip_address(number) if number > 2**32 else ip_address("2001:db8::1"))
crowds = st.one_of(st.sets(v4, min_size=1, max_size=40), st.sets(v6, min_size=1, max_size=40))


@given(crowds, st.integers(1, 9))
def test_prefixes_hold_all_addresses_and_are_bounded_canonical_and_apart(addresses, limit):
    """One address within each of two prefixes cannot be: they would be one."""
    found = covering(map(host_network, addresses), limit)
    assert len(found) <= limit
    assert all(sum(address in network for network in found) == 1 for address in addresses)
    assert [ip_network(str(network)) for network in found] == list(found)


@given(crowds)
def test_enough_prefixes_make_every_address_exact(addresses):
    """Nothing is widened without need."""
    assert all(network.num_addresses == 1 for network in covering(map(host_network, addresses), len(addresses)))


CLUSTER = ("10.244.0.0/16", "33.0.0.0/16", "10.96.0.0/12")
outside = v4.filter(lambda address: not within(address, [ip_network(one, strict=False) for one in CLUSTER]))


@given(st.sets(outside, min_size=1, max_size=40), st.integers(1, 8))
def test_blocks_hold_all_addresses_and_nothing_of_the_cluster(addresses, limit):
    """Nor do folded public blocks hold private or metadata addresses."""
    made = blocks_of(
        frozenset(map(host_network, addresses)), Options(exact_limit=4, prefix_limit=limit, pod_cidrs=CLUSTER)
    )
    for address in addresses:
        assert any(holds(block, address) for block in (*made.exact, *made.folded))
    for block in made.folded:
        never = [ip_network(one, strict=False)[9] for one in CLUSTER] + [one for one in METADATA if one.version == 4]
        assert not any(holds(block, address) for address in never)
        if not within(ip_network(block.cidr)[0], PRIVATE):
            assert not any(holds(block, network[5]) for network in PRIVATE if network.version == 4)


def holds(block, address):
    """Whether the block admits the address."""
    return address in ip_network(block.cidr) and not any(address in ip_network(one) for one in block.excepted)
