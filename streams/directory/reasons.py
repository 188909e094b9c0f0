"""Every reason why a connection's end is not known, or why a connection is left out, in words for people.

docs/reference/reasons.md is this table; metrics and records carry the names.
"""

from collections.abc import Mapping
from typing import Final

UNRESOLVED: Final[Mapping[str, str]] = {
    "after_inventory": "seen later than the inventory is complete, after a bounded wait: is `follow` running?",
    "ambiguous": "several pods of different workloads may have had the address then",
    "before_inventory": "seen before the inventory begins: who had the address and has gone since is not known",
    "host_network": "a pod of its node's network, on an address that is not known to be a node's",
    "many_endpoints": "a Service of more than 100 candidates; only the server's end can tell which",
    "no_endpoints": "nobody stood behind the Service then",
    "no_inventory": "nothing is known of the cluster's ranges, so nobody can tell what lies outside",
    "no_lease": "within the cluster's ranges, or once a pod's or a node's, and nobody is known to have had it then",
    "no_service_port": "a Service's address, on a port that it does not offer",
    "service_address": "a Service's address where a pod or a node must be",
    "unknown_pod": "the collector, or an endpoint slice, names a pod that the inventory does not know",
}
"""Of a connection's own end: it is counted and makes no edge. Of its other end: the edge says so."""

IGNORED: Final[Mapping[str, str]] = {
    "host": "neither end is a pod with an address of its own",
    "loopback": "within one network namespace",
    "mesh_redirect": "a mesh proxy's port, in place of the one that was asked for (docs/decisions/0013-meshes.md)",
    "own_address": "a pod to itself, also through a Service with no other pod behind it",
}
"""No policy concerns these connections, or not with what was seen of them; they are counted."""
