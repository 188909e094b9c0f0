"""Policies from files and directories: what is taken, and what is wrong by file, document and field."""

import pytest
import yaml
from policy_manifests import manifest

from advisor.policies.files import policies_of_files
from schemas.errors import UsageError


@pytest.fixture
def written(tmp_path):
    """Writes files below a directory and reads them as policies."""

    def write(**files):
        for name, documents in files.items():
            path = tmp_path / name.replace("__", "/").replace("_yaml", ".yaml").replace("_json", ".json")
            path.parent.mkdir(parents=True, exist_ok=True)
            text = documents if isinstance(documents, str) else yaml.safe_dump_all(documents)
            path.write_text(text)
        return policies_of_files([tmp_path])

    return write


def error_of(written, **files):
    with pytest.raises(UsageError) as caught:
        written(**files)
    return str(caught.value)


def test_a_directory_is_read_to_its_depths_and_sorted(written):
    """Other suffixes, hidden files and a kustomization are left alone."""
    hidden = {"notes.txt": "kind: ["}
    found = written(
        b__two_yaml=[manifest("z"), manifest("a")],
        c__d__three_json=[manifest("b", namespace="bank")],
        **{".hidden.yaml": "kind: [", "kustomization_yaml": "resources: [two.yaml]", **hidden},
    )
    assert [one.name for one in found.stored] == ["bank/b", "shop/a", "shop/z"]
    assert found.stored[1].place.endswith("b/two.yaml, document 2")


def test_objects_of_other_kinds_are_counted_and_other_policies_are_said_to_matter(written):
    """They are left out, and not in silence."""
    found = written(a_yaml=[manifest("p"), {"kind": "Service"}, {"kind": "CiliumNetworkPolicy"}, {"kind": "Service"}])
    assert found.notes == (
        "objects that are no NetworkPolicy are left out: 1 CiliumNetworkPolicy, 2 Service",
        "CiliumNetworkPolicy may admit or refuse more than is said here: only NetworkPolicies are judged",
    )


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ("kind: [", "a.yaml, document 1: not YAML:"),
        ("kind: Pod\n---\n- 7\n", "a.yaml, document 2: not a Kubernetes object, it has no kind"),
        ([manifest("p"), manifest("q", ingress=[{"ports": [{"port": 0}]}])],
         "a.yaml, document 2: spec.ingress[0].ports[0].port: 0 is none of 1 to 65535"),
        ([manifest("p", ingress=[{"form": []}])],
         "a.yaml, document 1: spec.ingress[0].form: no such field; did you mean from?"),
        ([manifest("p"), manifest("p")], "a.yaml, document 2: the NetworkPolicy shop/p is in"),
        ([{**manifest("p"), "metadata": {}}], "a.yaml, document 1: metadata.name: is missing"),
        ([{**manifest("p"), "apiVersion": "extensions/v1beta1"}], "a.yaml, document 1: a extensions/v1beta1"),
        ([{"kind": "List", "items": [manifest("p"), manifest("q", egress={})]}],
         "a.yaml, document 1, item 1: spec.egress: a list is expected"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(written, documents, expected):
    """One line that names the file, the document and the field."""
    message = error_of(written, a_yaml=documents)
    assert expected in message
    assert "\n" not in message


def test_what_cannot_be_read_is_named(tmp_path):
    """Missing, or no text."""
    for path, text in ((tmp_path / "none.yaml", None), (tmp_path / "bytes.yaml", b"\xff\xfe")):
        if text is not None:
            path.write_bytes(text)
        with pytest.raises(UsageError, match=str(path)):
            policies_of_files([path])
