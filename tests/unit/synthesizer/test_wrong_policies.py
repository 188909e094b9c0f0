"""What is wrong with somebody's policy is said with the document and the field."""

import pytest

from synthesizer.evaluator.reader import BadPolicy, documents_of, policy_of, read_policies
from synthesizer.evaluator.strict import unknown_fields

HEAD = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: "
FIELDS = {
    "spec.ingress[1].from[0].ipBlock.cidr: '10.0.0.1/33'": "{ingress: [{}, {from: [{ipBlock: {cidr: 10.0.0.1/33}}]}]}",
    "spec.ingress[0].from[0].ipBlock.cidr: is missing": "{ingress: [{from: [{ipBlock: {}}]}]}",
    "spec.egress[0].to[0].ipBlock.except[1]: 11.0.0.0/8": (
        "{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 11.0.0.0/8]}}]}]}"
    ),
    "spec.egress[0].to[1]: a peer that names nobody": "{egress: [{to: [{podSelector: {}}, {}]}]}",
    "spec.ingress[0].ports[0].port: 70000": "{ingress: [{ports: [{port: 70000}]}]}",
    "spec.ingress[0].ports[0].port: a whole number is expected, not True": "{ingress: [{ports: [{port: true}]}]}",
    "spec.ingress[0].ports[0].endPort: 8 with port 9": "{ingress: [{ports: [{port: 9, endPort: 8}]}]}",
    "spec.ingress[0].ports[0].endPort: 8 with port None": "{ingress: [{ports: [{endPort: 8}]}]}",
    "spec.ingress[0].ports[0].protocol: TCP, UDP or SCTP": "{ingress: [{ports: [{protocol: tcp}]}]}",
    "spec.ingress[0].from: a list is expected": "{ingress: [{from: {podSelector: {}}}]}",
    "spec.ingress: a list is expected": "{ingress: {from: []}}",
    "spec.ingress[0]: a mapping is expected": "{ingress: [from]}",
    "spec.podSelector.matchLabels: label a has the value 1": "{podSelector: {matchLabels: {a: 1}}}",
    "spec.podSelector.matchExpressions[0].operator: In, NotIn": (
        "{podSelector: {matchExpressions: [{key: a, operator: Is, values: [b]}]}}"
    ),
    "spec.podSelector.matchExpressions[0].values: Exists of a takes no values": (
        "{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}"
    ),
    "spec.policyTypes[1]: Ingress or Egress": "{policyTypes: [Ingress, Engress]}",
}


@pytest.mark.parametrize(("expected", "spec"), FIELDS.items())
def test_the_field_is_named(expected, spec):
    """With its path, as in the file."""
    with pytest.raises(BadPolicy) as caught:
        read_policies(HEAD + spec)
    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("document 2: not YAML", HEAD + "{}\n---\nkind: ["),
        ("document 2: not a Kubernetes object", HEAD + "{}\n---\n[1]"),
        ("document 1, item 1: not a Kubernetes object", "kind: List\nitems: [{kind: Pod}, 7]"),
        ("document 1: not YAML", HEAD + "{}\nspec: {}"),
        ("document 1: a value cannot be read", "kind: Pod\nsince: 2026-99-99"),
    ],
)
def test_the_document_is_named(expected, text):
    """Whether it cannot be parsed, holds a key twice, or is no object."""
    with pytest.raises(BadPolicy) as caught:
        list(documents_of(text))
    assert str(caught.value).startswith(expected)


def test_objects_of_lists_and_documents_come_with_their_places():
    """Empty documents count, as they do in an editor."""
    text = "---\n---\nkind: List\nitems:\n- kind: A\n- kind: B\n---\nkind: C\n"
    assert [(where, one["kind"]) for where, one in documents_of(text)] == [
        ("document 2, item 0", "A"),
        ("document 2, item 1", "B"),
        ("document 3", "C"),
    ]


def test_a_misspelt_field_is_found_wherever_it_is():
    """Whoever drops `form` reads a rule that admits everyone."""
    spec = "{podSelectr: {}, ingress: [{}, {form: []}], egress: [{to: [{ipBlock: {cdir: 1.2.3.4/32}}], port: 1}]}"
    ((_, document),) = documents_of(HEAD + spec)
    assert list(unknown_fields(document)) == [
        "spec.podSelectr: no such field; did you mean podSelector?",
        "spec.ingress[1].form: no such field; did you mean from?",
        "spec.egress[0].to[0].ipBlock.cdir: no such field; did you mean cidr?",
        "spec.egress[0].port: no such field; did you mean ports?",
    ]


def test_what_a_policy_may_have_is_no_unknown_field():
    """Every field of the API, and whatever metadata hold."""
    rule = "{ports: [{port: 1, endPort: 2, protocol: UDP}], %s: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}"
    selector = "{matchLabels: {a: b}, matchExpressions: [{key: a, operator: In, values: [b]}]}"
    spec = (
        f"{{podSelector: {selector}, policyTypes: [Ingress], ingress: [{rule % 'from'}, "
        f"{{from: [{{podSelector: {selector}, namespaceSelector: {selector}}}]}}], egress: [{rule % 'to'}]}}"
    )
    ((_, document),) = documents_of(HEAD + spec + "\nstatus: {}")
    assert list(unknown_fields(document)) == []
    assert policy_of(document).egress is None
