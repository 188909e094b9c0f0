"""Law 3 for what is told beside suggestions: the same violations stand and the same workloads leave as in a calm run.

Whatever is shuffled between workloads or doubled, and wherever between two writes the program is killed. Windows of one
workload begin in the order of their time, as in their partition; revisions and repetitions come anyhow.
"""

from dataclasses import replace

from audited import Program, Topics, deployment_object, pod_object, policy_object, world_of
from hypothesis import given, settings
from hypothesis import strategies as st
from small_worlds import WINDOW_MS, edges, window, workloads

from schemas.records import PolicyViolation, Role

GRACE = 600_000
SPECS = st.sampled_from(
    [
        {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        {"podSelector": {"matchLabels": {"app": "one"}}, "ingress": [{"ports": [{"port": 80}]}]},
        {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {}}]}]},
        {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "203.0.0.0/16"}}]}]},
    ]
)  # fmt: skip
POLICIES = st.lists(
    st.builds(policy_object, st.sampled_from(["shop", "bank"]), st.sampled_from(["a", "b"]), SPECS), max_size=3
)


@st.composite
def histories(draw):
    """For each of a few workloads its windows in order, each with its revisions: edges come, and may go again."""
    subjects = draw(st.lists(workloads, min_size=1, max_size=3, unique_by=lambda one: one.ref))
    return [draw(history(subject)) for subject in subjects]


@st.composite
def history(draw, subject):
    """One workload's windows."""
    found = []
    for index in range(draw(st.integers(1, 4))):
        revisions = draw(st.integers(1, 3))
        seen = draw(st.lists(edges(start=index * WINDOW_MS), min_size=1, max_size=4))
        for revision in range(1, revisions + 1):
            kept = [edge for edge in seen if draw(st.sampled_from([True, True, False]))] or seen
            final = revision == revisions
            found.append(replace(window(subject, index * WINDOW_MS, kept, revision), final=final))
    return found


def mixed(histories, chance):
    """All of them in one stream; each window may come again at any later time, with any of its earlier revisions."""
    waiting = [list(windows) for windows in histories]
    stream, past = [], []
    while any(waiting):
        queue = chance.choice([one for one in waiting if one])
        stream.append(queue.pop(0))
        past.append(stream[-1])
        if chance.random() < 0.4:
            stream.append(chance.choice(past))
    return stream


def told(stream, world, chance=None):
    """What stands at the end; with chance, the program is killed now and then, before some of its writes."""
    topics, position = Topics(), 0
    program = Program(topics, world)
    committed = 0
    while position < len(stream):
        program.fold(stream[position])
        position += 1
        if chance is None:
            program.tell()
            program.suggest()
            continue
        step = chance.choice(["on", "told", "suggested", "committed", "killed"])
        if step in ("told", "suggested", "committed"):
            program.tell()
        if step in ("suggested", "committed"):
            program.suggest()
        if step == "committed":
            committed = position
        if step in ("told", "suggested", "killed") and chance.random() < 0.5:
            program, position = Program(topics, world), committed
    program.tell()
    program.suggest()
    return topics


def content(one):
    """All of it but the number of the revision that told it."""
    return replace(one, revision=0)


@settings(max_examples=40)
@given(histories(), POLICIES, st.randoms(use_true_random=False))
def test_the_same_violations_stand_whatever_is_repeated_or_killed(histories, policies, chance):
    """Byte for byte, for whoever reads the topic as its page says."""
    world = world_of(*policies)
    calm = told([one for windows in histories for one in windows], world)
    wild = told(mixed(histories, chance), world, chance)
    assert {key: content(one) for key, one in wild.standing().items()} == {
        key: content(one) for key, one in calm.standing().items()
    }


@settings(max_examples=40)
@given(histories(), POLICIES)
def test_once_an_edge_and_window_and_nothing_that_both_admit(histories, policies):
    """A calm run writes an identity once a verdict, once more at its window's end, and once to take it back."""
    topics = told([one for windows in histories for one in windows], world_of(*policies))
    assert all(one.deployed.allowed is False or one.suggested.allowed is False for one in topics.standing().values())
    identities = {}
    for one in topics.violations:
        identities.setdefault((one.key, one.identity), []).append(one)
    for written in identities.values():
        assert len({(one.revision, one.deployed, one.suggested, one.attempt) for one in written}) == len(written)


@settings(max_examples=40)
@given(histories(), POLICIES, st.randoms(use_true_random=False))
def test_a_repetition_writes_nothing(histories, policies, chance):
    """Without a crash, the topic holds the same records, one by one, for each workload."""
    world = world_of(*policies)
    calm, again = (
        told([one for windows in histories for one in windows], world),
        told(mixed(histories, chance), world),
    )
    assert sorted(map(repr, again.violations)) == sorted(map(repr, calm.violations))


@settings(max_examples=40)
@given(histories(), POLICIES)
def test_every_edge_that_stands_is_one_of_its_window_and_attempts_say_so(histories, policies):
    """Nothing is told of edges that the last revision does not show."""
    windows = {(one.workload.ref, one.start): one for found in histories for one in found}
    for one in told([one for found in histories for one in found], world_of(*policies)).standing().values():
        assert isinstance(one, PolicyViolation)
        assert one.edge in windows[one.workload.ref, one.start].edges
        assert one.attempt is not one.edge.established
        assert one.edge.role is not Role.UNKNOWN


@settings(max_examples=40)
@given(histories(), st.data())
def test_the_same_workloads_leave_whatever_is_repeated_or_killed(histories, data):
    """Who is gone by the inventory has no suggestion at the end, everybody else has; a killed program looks again."""
    subjects = [windows[0].workload for windows in histories]
    leaving = data.draw(st.sets(st.sampled_from(subjects)))
    now = 10**9
    objects = []
    for one in subjects:
        deleted = now - GRACE if one in leaving else data.draw(st.sampled_from([0, now - GRACE + 1]))
        objects += [deployment_object(one, deleted=deleted), pod_object(one, deleted=deleted)]
    world, chance = world_of(*objects, time=now), data.draw(st.randoms(use_true_random=False))
    topics = told(mixed(histories, chance), world, chance)
    for _ in range(data.draw(st.integers(1, 3))):
        program = Program(topics, world, GRACE)
        program.depart(now)
        program.suggest()
    assert topics.suggestions.keys() == {one.ref for one in subjects if one not in leaving}
    assert sorted(topics.tombstones) == sorted(one.ref for one in leaving)
