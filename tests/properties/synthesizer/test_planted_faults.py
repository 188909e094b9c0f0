"""The laws find a faulty inference: each fault planted here must make them fail, on the same examples every time."""

import pytest
from hypothesis import Phase, given, settings
from policy_laws import check_laws
from small_worlds import worlds

from schemas.records import Protocol, Role
from synthesizer.evidence import fold_all
from synthesizer.inference import model, ports, targets
from synthesizer.inference.model import Direction, PodsPeer, port_of
from synthesizer.options import Options
from synthesizer.suggest import draft_of, suggest


def both_protocols(edge):
    """TCP and UDP, whichever was seen."""
    return (port_of(Protocol.TCP, edge.port), port_of(Protocol.UDP, edge.port))


def service_port(edge):
    """The port of the Service in front, not the pod's."""
    return (port_of(edge.protocol, edge.services[0].port if edge.services else edge.port),)


def namespace_forgotten(subject, peer):
    """A podSelector alone, wherever the peer is."""
    return PodsPeer(subject.namespace, peer.selector)


def subject_for_peer(subject, peer):
    """The subject's own labels where the peer's belong."""
    return PodsPeer(peer.namespace, subject.selector)


def directions_swapped(role):
    """A client's edges as ingress."""
    return Direction.EGRESS if role is Role.SERVER else Direction.INGRESS


FAULTS = {
    "both protocols allowed": (ports, "ports_of", both_protocols),
    "Service port used": (ports, "ports_of", service_port),
    "namespace forgotten": (targets, "pods_of", namespace_forgotten),
    "peer and subject swapped": (targets, "pods_of", subject_for_peer),
    "directions swapped": (model, "direction_of", directions_swapped),
}


always_the_same = settings(derandomize=True, database=None, phases=[Phase.generate], max_examples=40)


@always_the_same
@given(worlds())
def hold_laws_against_drafts(world):
    for evidence in fold_all(world.windows).values():
        draft = draft_of(evidence, Options(), "p")
        check_laws(world.windows, evidence.workload, draft.policy, [one.text for one in draft.generalisations])


@always_the_same
@given(worlds())
def publish_all(world):
    for evidence in fold_all(world.windows).values():
        assert "a defect of this program" not in suggest(evidence, Options(), "p").reason


@pytest.mark.parametrize("check", [hold_laws_against_drafts, publish_all])
def test_without_a_fault_the_same_examples_pass(check):
    """So that what fails below fails because of the fault."""
    check()


@pytest.mark.parametrize("fault", FAULTS)
def test_the_laws_fail(fault, monkeypatch):
    """Judged by the tests' own reading of the laws."""
    monkeypatch.setattr(*FAULTS[fault])
    with pytest.raises((AssertionError, BaseExceptionGroup)):
        hold_laws_against_drafts()


@pytest.mark.parametrize("fault", FAULTS)
def test_the_proof_fails_and_no_such_policy_is_published(fault, monkeypatch):
    """Judged by the proof that each suggestion carries."""
    monkeypatch.setattr(*FAULTS[fault])
    with pytest.raises((AssertionError, BaseExceptionGroup)):
        publish_all()
