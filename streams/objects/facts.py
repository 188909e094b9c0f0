"""The ranges that pods and Services get their addresses from, as far as the objects tell."""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any, Final

from schemas.records import ClusterFacts, InventoryObject, NodeBody, PodBody, ServiceBody
from streams.objects import fields
from streams.objects.addresses import Ranges, packed

_POD_PREFIX: Final = {4: 24, 6: 64}
_SERVICE_PREFIX: Final = {4: 16, 6: 112}
_DNS_PORT: Final = 53
FACTS: Final = "ClusterFacts"


def service_cidrs(source: Mapping[str, Any]) -> tuple[str, ...]:
    """The ranges of a ServiceCIDR object."""
    return fields.ranges("spec.cidrs", fields.texts(source, "spec.cidrs"))


def facts_of(
    objects: Iterable[InventoryObject], given: Iterable[str] = (), before: ClusterFacts | None = None
) -> ClusterFacts:
    """The cluster's ranges and its DNS, as far as the objects tell.

    Pod ranges are the nodes' podCIDRs, and the /24 or /64 around each pod outside of them, since Calico and Cilium may
    take addresses from pools of their own. Service ranges are those given; without any, the /16 or /112 around each
    ClusterIP, which is what the common distributions use or more. Neighbouring ranges are written as one.

    Args:
        objects: All there are.
        given: Service ranges that are known.
        before: Facts of earlier; their pod ranges stay, since late connections may still name such addresses.
    """
    known = tuple(objects)
    nodes = {cidr for item in known if isinstance(item.body, NodeBody) for cidr in item.body.pod_cidrs}
    pods = _joined((*nodes, *(before.pod_cidrs if before is not None else ())))
    pods = _joined((*pods, *_around_outside(pods, {ip for item in known for ip in pod_ips(item)})))
    services = set(given) or {_around(ip, _SERVICE_PREFIX) for item in known for ip in cluster_ips(item)}
    dns = tuple(sorted(f"{item.namespace}/{item.name}" for item in known if _is_dns(item)))
    return ClusterFacts(pods, _joined(services), dns)


def facts_object(facts: ClusterFacts, cluster: str) -> InventoryObject:
    """The facts as the inventory keeps them."""
    return InventoryObject(cluster, FACTS, "", "cluster", facts)


def pod_ips(item: InventoryObject) -> tuple[str, ...]:
    """Addresses of a pod's own; none for other kinds."""
    return item.body.ips if isinstance(item.body, PodBody) and not item.body.host_network else ()


def cluster_ips(item: InventoryObject) -> tuple[str, ...]:
    """Addresses that a Service got from the cluster; none for other kinds."""
    return item.body.cluster_ips if isinstance(item.body, ServiceBody) else ()


def _is_dns(item: InventoryObject) -> bool:
    """Whether a Service is the cluster's DNS: by the label that every distribution but OpenShift uses, or its place."""
    body = item.body
    if not isinstance(body, ServiceBody) or not body.cluster_ips:
        return False
    place = (item.namespace, item.name) == ("openshift-dns", "dns-default")
    labelled = item.namespace == "kube-system" and ("k8s-app", "kube-dns") in item.labels
    return (place or labelled) and any(port.port == _DNS_PORT for port in body.ports)


def _joined(cidrs: Iterable[str]) -> tuple[str, ...]:
    """The same addresses in the fewest ranges, sorted."""
    networks = [ipaddress.ip_network(cidr, strict=False) for cidr in cidrs]
    four = [one for one in networks if isinstance(one, ipaddress.IPv4Network)]
    six = [one for one in networks if isinstance(one, ipaddress.IPv6Network)]
    return tuple(sorted(str(one) for one in (*ipaddress.collapse_addresses(four), *ipaddress.collapse_addresses(six))))


def _around_outside(cidrs: Iterable[str], ips: Iterable[str]) -> set[str]:
    """The neighbourhoods of the addresses that lie in none of the ranges."""
    covered = Ranges(cidrs)
    return {_around(ip, _POD_PREFIX) for ip in ips if packed(ip) not in covered}


def _around(ip: str, prefix: Mapping[int, int]) -> str:
    address = ipaddress.ip_address(ip)
    return str(ipaddress.ip_network(f"{address}/{prefix[address.version]}", strict=False))
