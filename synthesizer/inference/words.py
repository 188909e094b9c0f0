"""The sentences that state a generalisation. They name no counts, so that they change only when the policy does."""

from collections.abc import Sequence

from synthesizer.inference.model import BlockPeer, Direction, Port
from synthesizer.inference.wants import Want
from synthesizer.peers import spoken


def spoken_port(port: Port) -> str:
    """`TCP 443`, or a range."""
    return f"{port.protocol} {port.number}" + (f"-{port.last}" if port.last else "")


def dns_beside(want: Want) -> str:
    """TCP beside DNS that was seen over UDP."""
    seen = f"UDP {want.port.number}"
    way = "egress to" if want.direction is Direction.EGRESS else "ingress from"
    return f"{way} {spoken(want.peer)}: {spoken_port(want.port)} beside {seen}, for DNS answers that are cut short"


def folded(direction: Direction, port: Port, blocks: Sequence[BlockPeer]) -> str:
    """Prefixes in place of addresses."""
    way = "from" if direction is Direction.INGRESS else "to"
    named = ", ".join(_spoken_block(block) for block in blocks)
    return f"{direction.value} {way} external addresses on {spoken_port(port)}: all of {named}"


def _spoken_block(block: BlockPeer) -> str:
    if block.cidr in ("0.0.0.0/0", "::/0"):
        return f"{block.cidr} but private and cluster ranges"
    return block.cidr + (f" but {' '.join(block.excepted)}" if block.excepted else "")
