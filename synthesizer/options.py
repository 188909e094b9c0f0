"""What a person may choose about suggestions; every default is the safe one."""

from dataclasses import dataclass
from enum import Enum

from schemas.errors import UsageError
from synthesizer.addresses import parse_networks


class Isolation(Enum):
    """Which directions a policy isolates."""

    BOTH = "both"
    OBSERVED = "observed"


@dataclass(frozen=True, slots=True)
class Options:
    """How evidence becomes rules.

    Attributes:
        isolation: BOTH writes ingress and egress always (least privilege); OBSERVED only directions that have a rule.
        exact_limit: External addresses per direction and port that are written one by one; more are folded to prefixes.
        prefix_limit: Prefixes per direction, port and address family that folding may use, for public and for private
            addresses each.
        widest_v4: A public IPv4 prefix shorter than this becomes "any external".
        widest_v6: The same for IPv6.
        pod_cidrs: The cluster's pod ranges; no ipBlock ever reaches into them.
        service_cidrs: The cluster's Service ranges; likewise.
        allow_metadata: Admit the cloud metadata address if it was seen; it hands out credentials, so not by default.
    """

    isolation: Isolation = Isolation.BOTH
    exact_limit: int = 16
    prefix_limit: int = 8
    widest_v4: int = 8
    widest_v6: int = 16
    pod_cidrs: tuple[str, ...] = ()
    service_cidrs: tuple[str, ...] = ()
    allow_metadata: bool = False

    def __post_init__(self) -> None:
        """Raises UsageError for a range that is none, or a limit that allows nothing."""
        try:
            parse_networks(self.cluster_cidrs)
        except ValueError as error:
            raise UsageError(f"{error}. Pod and Service ranges are written like 10.244.0.0/16.") from error
        if self.exact_limit < 0 or self.prefix_limit < 1:
            raise UsageError("exact_limit is at least 0 and prefix_limit at least 1")

    @property
    def cluster_cidrs(self) -> tuple[str, ...]:
        """All ranges of the cluster."""
        return self.pod_cidrs + self.service_cidrs
