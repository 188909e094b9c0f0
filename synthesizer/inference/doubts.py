"""What the windows themselves doubt of an edge that has a rule: its client, its server, or that it was at all."""

from collections.abc import Iterator

from schemas.records import EdgeEvidence
from synthesizer.peers import spoken_edge


def of_edge(edge: EdgeEvidence) -> Iterator[str]:
    """One sentence for each doubt, without counts, so that it changes only when the doubt does."""
    if edge.hidden_client:
        yield (
            f"{spoken_edge(edge)} hides its client behind a node's address (node port, load balancer or masquerading): "
            "its rule admits all who come through that node and nobody who comes through another; "
            "if the port is meant for outside, open the port instead"
        )
    if edge.shared:
        yield (
            f"{spoken_edge(edge)} is one of several possibilities: {_services(edge)} stands for several workloads, and "
            "no server's end told which of them was reached"
        )
    if edge.unconfirmed and not (edge.seen_by_client and edge.seen_by_server):
        seen, other = ("server", "client") if edge.seen_by_server else ("client", "server")
        yield (
            f"{spoken_edge(edge)} was seen by the {seen}'s end only, although a collector watched the {other}'s node: "
            "the address was translated on the way, or one end is wrong"
        )


def _services(edge: EdgeEvidence) -> str:
    names = ", ".join(f"{one.namespace}/{one.name}" for one in edge.services)
    return f"Service {names}" if names else "its Service"
