"""A suggestion held against the observations it came from breaks nothing that a policy can speak of."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from policy_laws import speaks_of, turned
from small_worlds import window, worlds

from advisor.policies.files import stored_of, unique
from advisor.policies.judge import Outcome
from advisor.policies.model import PolicySet
from advisor.policies.observed import Gathering
from advisor.policies.verification import verify
from advisor.policies.world import World
from schemas.records import Role, WorkloadPeer
from synthesizer.evaluator.reader import documents_of
from synthesizer.offline import suggestions_of
from synthesizer.options import Isolation, Options


def told_by_both(windows):
    """Every connection in the windows of either end, as the streams have it."""
    found = list(windows)
    for one in windows:
        for edge in one.edges:
            if isinstance(edge.peer, WorkloadPeer) and not edge.peer.workload.host_network:
                mirrored = replace(turned(edge), peer=WorkloadPeer(one.workload))
                found.append(window(edge.peer.workload, one.start, [mirrored], one.revision, complete=one.complete))
    return _merged(found)


def _merged(windows):
    latest = {}
    for one in windows:
        key = (one.workload.ref, one.start)
        known = latest.get(key, one)
        latest[key] = replace(known, edges=tuple(dict.fromkeys((*known.edges, *one.edges))))
    return tuple(latest.values())


def policies_of(suggestions):
    """The suggested policies as a source."""
    documents = [document for one in suggestions if one.policy for _, document in documents_of(one.policy)]
    return PolicySet("suggested", unique(stored_of(one, "suggested") for one in documents))


def of_subject(edge, subject):
    """The observed edge as the subject's window has it, to ask whether a policy can speak of it."""
    mine = edge.client == WorkloadPeer(subject)
    role = Role.CLIENT if mine else Role.SERVER
    return _Edge(role, edge.server if mine else edge.client)


class _Edge:
    def __init__(self, role, peer):
        self.role, self.peer = role, peer


@settings(deadline=None)
@given(worlds(), st.sampled_from(Isolation))
def test_a_suggestion_breaks_nothing_it_could_have_admitted(world, isolation):
    """At the end of a workload that has a suggestion of its own, every edge within a policy's reach is admitted."""
    windows = told_by_both(world.windows)
    gathering = Gathering()
    for one in windows:
        gathering.take(one)
    observations = gathering.observations()
    suggestions = suggestions_of(windows, Options(isolation=isolation))
    own = {(one.workload.namespace, one.workload.selector) for one in suggestions if one.policy}
    found = verify(policies_of(suggestions), observations, World(workloads=observations.workloads))
    for judged in found.of(Outcome.REFUSED):
        for side, end in ((judged.egress, judged.edge.client), (judged.ingress, judged.edge.server)):
            if side.outcome is Outcome.REFUSED and (end.workload.namespace, end.workload.selector) in own:
                assert not speaks_of(of_subject(judged.edge, end.workload)), judged


@settings(deadline=None)
@given(worlds())
def test_every_edge_has_one_outcome_and_none_is_lost(world):
    """Observed = admitted + refused + unknown, whatever the policies; each connection is there once."""
    gathering = Gathering()
    for one in told_by_both(world.windows):
        gathering.take(one)
    observations = gathering.observations()
    keys = {(one.client, one.server, one.protocol, one.port, one.known_role) for one in observations.edges}
    assert len(keys) == len(observations.edges)
    found = verify(policies_of(suggestions_of(world.windows)), observations, World(workloads=observations.workloads))
    assert sum(len(found.of(outcome)) for outcome in Outcome) == len(observations.edges)
