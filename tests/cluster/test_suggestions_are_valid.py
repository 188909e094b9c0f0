"""The API server itself takes every policy that our golden cases hold, checked as strictly as it can."""

from pathlib import Path

import pytest
import yaml
from followed import namespace
from kube_api import RefusedError

pytestmark = pytest.mark.cluster
GOLDEN = Path(__file__).parents[1] / "golden"
FILES = sorted(GOLDEN.glob("*/*/expected.yaml"))
STRICT = "?dryRun=All&fieldValidation=Strict"


@pytest.fixture(scope="module")
def taken(kube_server):
    """Offers a policy to the server, which does not keep it."""
    known = set()

    def offer(policy):
        space = policy["metadata"]["namespace"]
        if space not in known:
            known.add(space)
            _make(kube_server.api(), space)
        return kube_server.api().create(policy, STRICT)

    return offer


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_a_golden_policy_is_valid(taken, path):
    """No field is unknown, no value refused, and the server keeps all that we wrote but empty lists of rules."""
    for policy in filter(None, yaml.safe_load_all(path.read_text())):
        assert taken(policy)["spec"] == {name: value for name, value in policy["spec"].items() if value != []}


def test_a_wrong_policy_is_refused(taken):
    """Or the other test would say nothing: a field that does not exist, and a port that is none."""
    meta = {"name": "wrong", "namespace": "default"}
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta}
    for spec in ({"podSelector": {}, "ingres": []}, {"podSelector": {}, "ingress": [{"ports": [{"port": 70_000}]}]}):
        with pytest.raises(RefusedError):
            taken({**policy, "spec": spec})


def _make(api, space):
    try:
        api.create(namespace(space))
    except RefusedError as refused:
        assert refused.code == 409  # another test has made it  # noqa: PT017
