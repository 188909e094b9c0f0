"""The laws of the design, on small worlds made to break them."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from policy_laws import admits, check_laws, seen_by
from small_worlds import crowds, worlds

from synthesizer.addresses import parse_address, prefix_of
from synthesizer.evaluator.reader import read_policies
from synthesizer.evidence import evidence_of, fold, fold_all
from synthesizer.inference.infer import infer
from synthesizer.inference.model import Rule
from synthesizer.offline import suggestions_of
from synthesizer.options import Isolation, Options
from synthesizer.render import PolicyForm, render
from synthesizer.simplify import simplify
from synthesizer.suggest import draft_of, suggest

options = st.builds(
    Options,
    isolation=st.sampled_from(Isolation),
    exact_limit=st.sampled_from([0, 2, 16]),
    prefix_limit=st.sampled_from([1, 3, 8]),
)


@given(st.one_of(worlds(), crowds()), options)
def test_the_observed_is_admitted_and_near_misses_are_refused_or_stated(world, chosen):
    """Laws 1 and 2, for the suggestion and for the draft that nobody has proved."""
    for ref, evidence in fold_all(world.windows).items():
        draft = draft_of(evidence, chosen, "p")
        check_laws(world.windows, evidence.workload, draft.policy, [one.text for one in draft.generalisations])
        suggestion = suggest(evidence, chosen, "p")
        assert suggestion.policy == draft.policy, ref


@given(worlds(), st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(world, chance):
    """Law 3: shuffled and doubled windows, folded one by one as they come, give the same suggestions, byte for byte."""
    shuffled = [*world.windows, *world.windows]
    chance.shuffle(shuffled)
    known = {}
    for window in shuffled:
        known[window.workload.ref] = fold(known.get(window.workload.ref), window, recent_ms=10**12)
    for ref, evidence in fold_all(world.windows).items():
        settled = suggest(known[ref], Options(), "p")
        expected = suggest(evidence, Options(), "p")
        assert (expected.policy, expected.reason, expected.warnings, expected.generalisations) == (
            settled.policy, settled.reason, settled.warnings, settled.generalisations,
        )  # fmt: skip
        assert expected.coverage == settled.coverage


@given(worlds(), st.randoms(use_true_random=False), st.integers(0, 20))
def test_a_restart_at_any_moment_does_not_matter(world, chance, cut):
    """Law 3: evidence goes on from what the suggestion carries, windows before the cut are delivered twice."""
    shuffled = list(world.windows)
    chance.shuffle(shuffled)
    expected, known = {}, {}
    for index, window in enumerate(shuffled):
        ref = window.workload.ref
        expected[ref] = fold(expected.get(ref), window)
        known[ref] = fold(known.get(ref), window)
        if index == cut:
            known = {ref: evidence_of(suggest(evidence, Options(), "p")) for ref, evidence in known.items()}
            for again in shuffled[: index + 1]:
                known[again.workload.ref] = fold(known[again.workload.ref], again)
    assert expected == known


@settings(max_examples=50)
@given(crowds(), st.randoms(use_true_random=False), st.sampled_from([1, 3, 12]))
def test_crowds_of_addresses_are_bounded_in_any_order_and_all_admitted(world, chance, limit):
    """One address a window, in any order and twice: the same evidence, no larger than the bound, and laws 1 and 2."""
    (one,) = world.windows
    single = [replace(one, start=index, edges=(edge,)) for index, edge in enumerate(one.edges)]
    orders = [single, [*single, *single]]
    chance.shuffle(orders[1])
    found = []
    for windows in orders:
        evidence = None
        for window in windows:
            evidence = fold(evidence, window, crowd=limit)
        found.append(evidence)
    assert found[0] == found[1]
    coarsest = {prefix_of(parse_address(edge.peer.address), 8) for edge in one.edges}
    assert len(found[0].edges) <= max(2 * limit, limit + len(coarsest))
    suggestion = suggest(found[0], Options(), "p")
    check_laws(world.windows, one.workload, suggestion.policy, suggestion.generalisations)
    assert evidence_of(suggestion) == found[0]


@given(worlds(), options)
def test_a_proof_that_is_taken_over_is_the_one_that_would_be_made(world, chosen):
    """A suggestion that goes on from an earlier one equals one made afresh, but for its revision."""
    evidence = previous = None
    subject = world.windows[0].workload.ref
    for window in (one for one in world.windows if one.workload.ref == subject):
        evidence = fold(evidence, window)
        previous = suggest(evidence, chosen, "p", previous)
        assert replace(previous, revision=1) == suggest(evidence, chosen, "p")
    assert previous == suggest(evidence, chosen, "p", previous)


@given(worlds())
def test_folding_a_window_again_changes_nothing(world):
    """The same evidence, not merely the same policy, however old the window is by then."""
    for ref, evidence in fold_all(world.windows).items():
        for window in world.windows:
            if window.workload.ref == ref:
                assert evidence == fold(evidence, window)


def _one_each(grants, way):
    return tuple(Rule((one.peer,), (one.port,)) for one in grants if one.direction is way)


@given(st.one_of(worlds(), crowds()), options)
def test_simplification_preserves(world, chosen):
    """Law 5: the grouped policy and one with a rule for each grant admit the same, whoever asks on whatever port."""
    asked = [edge for window in world.windows for edge in seen_by(world.windows, window.workload)]
    for evidence in fold_all(world.windows).values():
        inferred = infer(evidence, chosen)
        if inferred.reason:
            continue
        ways = inferred.directions
        plain, few = (
            read_policies(render(PolicyForm("p", evidence.workload, tuple(zip(ways, rules, strict=True)))))
            for rules in (
                [_one_each(inferred.grants, way) for way in ways],
                [simplify(inferred.grants, way) for way in ways],
            )
        )
        for edge in asked:
            assert admits(plain, evidence.workload, edge) == admits(few, evidence.workload, edge)


@given(worlds())
def test_no_policy_is_without_a_reason_and_no_reason_comes_with_a_policy(world):
    """Each workload has exactly one of them, and the proof counts all that a policy can speak of."""
    for suggestion in suggestions_of(world.windows):
        assert bool(suggestion.policy) != bool(suggestion.reason)
        assert "a defect of" not in suggestion.reason
        if suggestion.policy:
            assert suggestion.proof.admitted == suggestion.proof.observed > 0
            assert suggestion.proof.refused + suggestion.proof.covered == suggestion.proof.near_misses > 0


@settings(max_examples=30)
@given(worlds())
def test_offline_suggestions_are_the_same_for_any_order(world):
    """Windows shuffled and doubled give equal records, coverage and revision among them."""
    shuffled = [*world.windows, *world.windows]
    random.Random(7).shuffle(shuffled)  # noqa: S311
    assert suggestions_of(world.windows) == suggestions_of(shuffled)
