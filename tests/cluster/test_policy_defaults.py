"""The directions that a policy isolates when it does not say: the API server's own answer, and the evaluator's."""

import pytest

from synthesizer.evaluator.reader import policy_of

pytestmark = pytest.mark.cluster
RULE = [{"ports": [{"port": 53}]}]
SPECS = (
    {},
    {"ingress": []},
    {"egress": []},
    {"ingress": [], "egress": []},
    {"egress": RULE},
    {"ingress": RULE, "egress": RULE},
    {"egress": [{}]},
    {"egress": RULE, "policyTypes": ["Ingress"]},
    {"egress": [], "policyTypes": ["Egress"]},
    {"policyTypes": []},
)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_the_evaluator_isolates_what_the_server_says(kube_server, spec):
    """The server writes its default into policyTypes; an empty egress section is no reason for Egress."""
    meta = {"name": "defaults", "namespace": "default"}
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta}
    given = {**policy, "spec": {"podSelector": {}, **spec}}
    known = policy_of(given)
    isolated = {"Ingress": known.ingress is not None, "Egress": known.egress is not None}
    assert kube_server.api().create(given, "?dryRun=All")["spec"]["policyTypes"] == [
        way for way in isolated if isolated[way]
    ]
