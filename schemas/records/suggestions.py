"""What follows from the evidence: `PolicySuggestion` and `PolicyViolation`, public records."""

from dataclasses import dataclass

from schemas.records.types import Basis, Millis, Protocol, Role
from schemas.records.windows import Edge
from schemas.records.workloads import Peer, ServiceRef, Workload


@dataclass(frozen=True, slots=True)
class WindowCount:
    """A sighting in a window that may still change.

    Attributes:
        start: The window's start.
        count: Connections that began in it, so far; 0 if it was only seen open.
    """

    start: Millis
    count: int


@dataclass(frozen=True, slots=True)
class EdgeEvidence:
    """All that is known of one edge of a workload.

    Attributes:
        role: What the workload did.
        peer: The other end.
        protocol: TCP, UDP or SCTP.
        port: The server pod's port.
        count: Established connections in windows older than `recent`.
        windows: Windows older than `recent` in which it was seen.
        recent: Sightings in windows that may still change, sorted by start.
        seen_by_client: The client's end has reported it.
        seen_by_server: The server's end has reported it.
        attempts: Attempts that were not established, at most, in one window.
        first_seen: The first observation.
        last_seen: The last observation.
        bases: Why the role is believed, sorted.
        services: Services through which the server was reached, sorted.
        shared: In all windows that show it: no server's end told which of several workloads of the Service was reached.
        hidden_client: In all windows that show it: the client is not known, only the node whose address it came with.
        unconfirmed: A final window found that one end saw it and the other did not, although both were watched; once
            both ends have seen it, that means nothing any more.
        established_in: Start of the first window in which a connection came about or went on; 0 if there is none, or if
            that was before this was kept.
    """

    role: Role
    peer: Peer
    protocol: Protocol
    port: int
    count: int = 0
    windows: int = 0
    recent: tuple[WindowCount, ...] = ()
    seen_by_client: bool = False
    seen_by_server: bool = False
    attempts: int = 0
    first_seen: Millis = 0
    last_seen: Millis = 0
    bases: tuple[Basis, ...] = ()
    services: tuple[ServiceRef, ...] = ()
    shared: bool = False
    hidden_client: bool = False
    unconfirmed: bool = False
    established_in: Millis = 0

    @property
    def established(self) -> bool:
        """Whether a connection came about or went on; attempts alone are never evidence for a rule."""
        return self.total_windows > 0

    @property
    def total_windows(self) -> int:
        """Windows in which a connection came about or went on."""
        return self.windows + len(self.recent)

    @property
    def total_count(self) -> int:
        """Established connections."""
        return self.count + sum(sighting.count for sighting in self.recent)


@dataclass(frozen=True, slots=True)
class Proof:
    """The suggestion held against what was seen, by an evaluator that shares no code with the inference.

    Attributes:
        observed: Established edges of the workload that a policy can speak of.
        admitted: Of these, admitted by the suggestion; fewer than `observed` is a defect, and such a policy is never
            published.
        near_misses: Edges tried that differ from an observed one in one thing and were not observed.
        refused: Of these, refused.
        covered: Of these, admitted because of a stated generalisation.
    """

    observed: int = 0
    admitted: int = 0
    near_misses: int = 0
    refused: int = 0
    covered: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the workload's behaviour has probably been seen.

    Attributes:
        windows: Windows in which the workload was seen.
        sightings: Edges times windows in which they were seen.
        edges_seen_once: Edges seen in exactly one window.
        new_edge_probability: Good-Turing's estimate that a sighting in the next window is of an edge not yet seen.
        incomplete_windows: Windows with a gap or a loss.
        sentence: The same in words.
        unseen_share: An edge that occurs in a smaller share of windows than this may well be unseen still: 3 / windows,
            at most 1 (rule of three, 95 % confidence).
    """

    windows: int = 0
    sightings: int = 0
    edges_seen_once: int = 0
    new_edge_probability: float = 1.0
    incomplete_windows: int = 0
    sentence: str = ""
    unseen_share: float = 1.0


@dataclass(frozen=True, slots=True)
class PolicySuggestion:
    """The suggested policy of one workload, with its proof and the evidence it rests on.

    Attributes:
        cluster: The cluster's name.
        workload: The workload.
        revision: 1, 2, ...: grows when the policy, the reason or a warning changes.
        policy_name: metadata.name of the policy.
        policy: The NetworkPolicy as YAML; empty if none can be suggested.
        reason: Why none can be suggested; empty if there is one.
        warnings: What a person should know before applying it, sorted.
        generalisations: What the policy admits beyond the observed edges, each named, sorted.
        proof: The policy held against the evidence.
        coverage: How much has probably been seen.
        evidence: The edges, in one fixed order.
        first_window: Start of the first window seen.
        last_window: Start of the last window seen.
        windows: Windows seen that are older than `recent_windows`.
        recent_windows: Windows that may still change: start, and 1 if incomplete.
        incomplete_windows: Windows with a gap or a loss, older than `recent_windows`.
    """

    cluster: str
    workload: Workload
    revision: int
    policy_name: str
    policy: str
    reason: str
    warnings: tuple[str, ...]
    generalisations: tuple[str, ...]
    proof: Proof
    coverage: Coverage
    evidence: tuple[EdgeEvidence, ...]
    first_window: Millis = 0
    last_window: Millis = 0
    windows: int = 0
    recent_windows: tuple[WindowCount, ...] = ()
    incomplete_windows: int = 0

    @property
    def key(self) -> str:
        """The record's key."""
        return f"{self.cluster}/{self.workload.namespace}/{self.workload.kind}/{self.workload.name}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a set of policies says to one edge.

    Attributes:
        allowed: Whether the edge may pass.
        policy: Name of the deciding policy; empty if no policy selects the workload.
        rule: The deciding rule, or why none admits the edge.
    """

    allowed: bool
    policy: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class PolicyViolation:
    """An observed edge that the policies in force, or the suggested one, would refuse; told once per edge and window.

    Attributes:
        cluster: The cluster's name.
        workload: The workload whose policies refuse it, at its own end.
        start: The window's start.
        end: The window's end.
        edge: The edge as the window shows it.
        deployed: What the policies say that were in force when it was last seen.
        suggested: What the suggestion says that rests on all that was seen before this window.
        identity: Names the edge and the window. Of several records of one key and identity, that of the highest
            revision stands, of equal ones the last; if both of its verdicts allow, it takes the violation back.
        revision: Of the window that was judged.
        attempt: Nothing but attempts: no connection came about.
    """

    cluster: str
    workload: Workload
    start: Millis
    end: Millis
    edge: Edge
    deployed: Verdict
    suggested: Verdict
    identity: str = ""
    revision: int = 0
    attempt: bool = False

    @property
    def stands(self) -> bool:
        """Whether somebody refuses the edge; otherwise the record takes an earlier one back."""
        return not (self.deployed.allowed and self.suggested.allowed)

    @property
    def key(self) -> str:
        """The record's key."""
        return f"{self.cluster}/{self.workload.namespace}/{self.workload.kind}/{self.workload.name}"
