"""The ranges that pods and Services get their addresses from, as far as the objects tell."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from schemas.records import ClusterFacts, InventoryObject, NodeBody, PodBody, ServiceBody
from streams import fields

_POD_PREFIX: Final = {4: 24, 6: 64}
_SERVICE_PREFIX: Final = {4: 16, 6: 112}


def service_cidrs(source: Mapping[str, Any]) -> tuple[str, ...]:
    """The ranges of a ServiceCIDR object."""
    return fields.ranges("spec.cidrs", fields.texts(source, "spec.cidrs"))


def facts_of(objects: Iterable[InventoryObject], cluster: str, given: Iterable[str] = ()) -> InventoryObject:
    """The cluster's ranges as an inventory object.

    Pod ranges are the nodes' podCIDRs, and the /24 or /64 around each pod outside of them, since Calico and Cilium may
    take addresses from pools of their own. Service ranges are those given; without any, the /16 or /112 around each
    ClusterIP, which is what the common distributions use or more.
    """
    known = tuple(objects)
    pods = {cidr for item in known if isinstance(item.body, NodeBody) for cidr in item.body.pod_cidrs}
    services = set(given)
    pods |= _around_outside(pods, {ip for item in known for ip in _pod_ips(item)})
    if not services:
        services = {
            _around(ip, _SERVICE_PREFIX)
            for item in known
            if isinstance(item.body, ServiceBody)
            for ip in item.body.cluster_ips
        }
    return InventoryObject(
        cluster, "ClusterFacts", "", "cluster", ClusterFacts(tuple(sorted(pods)), tuple(sorted(services)))
    )


def _pod_ips(item: InventoryObject) -> tuple[str, ...]:
    return item.body.ips if isinstance(item.body, PodBody) and not item.body.host_network else ()


def _around_outside(cidrs: Iterable[str], ips: Iterable[str]) -> set[str]:
    """The neighbourhoods of the addresses that lie in none of the ranges."""
    covered = {str(ipaddress.ip_network(cidr, strict=False)) for cidr in cidrs}
    lengths = {int(cidr.rpartition("/")[2]) for cidr in covered}
    return {_around(ip, _POD_PREFIX) for ip in ips if covered.isdisjoint(_enclosing(ip, lengths))}


def _enclosing(ip: str, lengths: Iterable[int]) -> Iterator[str]:
    address = ipaddress.ip_address(ip)
    for length in lengths:
        if length <= address.max_prefixlen:
            yield str(ipaddress.ip_network(f"{address}/{length}", strict=False))


def _around(ip: str, prefix: Mapping[int, int]) -> str:
    address = ipaddress.ip_address(ip)
    return str(ipaddress.ip_network(f"{address}/{prefix[address.version]}", strict=False))
