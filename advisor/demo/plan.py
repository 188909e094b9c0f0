"""The network as text for `ip -batch` and `nft -f`; pure.

The node is a network namespace like the pods, so nothing of the machine itself is touched: no link, no rule, no
setting, whatever firewall it has. The pods hang on the node's bridge. Each holds its address as a /32 with a default
route by the bridge, so that traffic between two pods is routed by the node: within one subnet a server's reply would
go straight to the client, past the connection tracking that turns it back into the Service's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from advisor.demo.cluster import GATEWAY, NODE_ADDRESS, OUTSIDE_ADDRESS, POD_RANGE, SERVICE_RANGE, Cluster, Forward

PREFIX: Final = "npdemo-"
"""Every network namespace of the demo begins so, and nothing else does."""
NODE_NAMESPACE: Final = f"{PREFIX}node"
OUTSIDE_NAMESPACE: Final = f"{PREFIX}outside"
BRIDGE: Final = "npdemo0"


@dataclass(frozen=True, slots=True)
class Host:
    """A network namespace with one link to the node.

    Attributes:
        namespace: Its name.
        address: Its only address.
        gateway: The node's address on that link.
        link: The node's end.
        bridged: The node's end is a port of the bridge.
    """

    namespace: str
    address: IPv4Address
    gateway: IPv4Address
    link: str
    bridged: bool = True


def pod_namespace(pod_name: str) -> str:
    """The network namespace of a pod."""
    return PREFIX + pod_name


def hosts(cluster: Cluster) -> tuple[Host, ...]:
    """The pods, and the client outside."""
    pods = tuple(
        Host(pod_namespace(pod.name), pod.address, GATEWAY, f"npdemo{index}")
        for index, pod in enumerate(cluster.pods, start=1)
    )
    return (*pods, Host(OUTSIDE_NAMESPACE, OUTSIDE_ADDRESS, NODE_ADDRESS, "outside", bridged=False))


def namespaces(cluster: Cluster) -> tuple[str, ...]:
    """All network namespaces."""
    return (NODE_NAMESPACE, *(host.namespace for host in hosts(cluster)))


def node_links(cluster: Cluster) -> Iterator[str]:
    """Commands for `ip -batch` in the node's namespace."""
    yield "link set lo up"
    yield f"link add {BRIDGE} type bridge"
    yield f"address add {GATEWAY}/{POD_RANGE.prefixlen} dev {BRIDGE}"
    yield f"link set {BRIDGE} up"
    for host in hosts(cluster):
        yield f"link add {host.link} type veth peer name eth0 netns {host.namespace}"
        yield f"link set {host.link} {f'master {BRIDGE} ' if host.bridged else ''}up"
        if not host.bridged:
            yield f"address add {host.gateway}/32 dev {host.link}"
            yield f"route add {host.address}/32 dev {host.link}"


def host_links(host: Host) -> Iterator[str]:
    """Commands for `ip -batch` in the namespace of a pod or of the client outside."""
    yield "link set lo up"
    yield f"address add {host.address}/32 dev eth0"
    yield "link set eth0 up"
    yield f"route add default via {host.gateway} dev eth0 onlink"


def ruleset(cluster: Cluster) -> str:
    """For `nft -f`: Services as kube-proxy forwards them.

    A port of a Service's address that no Service has is refused, as kube-proxy does it. The node sends no ICMP
    redirects: they would teach the pods the direct way that must not be taken.
    """
    forwards = "\n".join(f"    {line}" for line in _forward_lines(cluster.forwards))
    return f"""\
table ip npdemo {{
  chain services {{
{forwards}
  }}
  chain prerouting {{
    type nat hook prerouting priority dstnat
    jump services
  }}
  chain output {{
    type nat hook output priority -100
    jump services
  }}
  chain nobody {{
    type filter hook prerouting priority 0
    ip daddr {SERVICE_RANGE} meta l4proto tcp reject with tcp reset
  }}
  chain redirects {{
    type filter hook output priority 0
    icmp type redirect drop
  }}
}}
"""


def _forward_lines(forwards: Iterable[Forward]) -> Iterator[str]:
    for forward in forwards:
        choices = ", ".join(f"{index} : {end.address} . {end.port}" for index, end in enumerate(forward.backends))
        for address in forward.addresses:
            match = f"ip daddr {address} tcp dport {forward.port.port}"
            yield f"{match} dnat ip to numgen random mod {len(forward.backends)} map {{ {choices} }}"
