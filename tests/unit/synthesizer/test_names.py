"""Policy names are valid, unique and the same every time."""

import re

from hypothesis import given
from hypothesis import strategies as st

from schemas.records import WorkloadRef
from synthesizer.names import KINDS, LONGEST, policy_name, possible_names

VALID = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
kinds = st.sampled_from(KINDS)


def test_a_workload_alone_keeps_its_plain_name():
    """The seed's form."""
    assert policy_name(WorkloadRef("demo", "Deployment", "cart"), ["Deployment"]) == "cart-network"


def test_of_two_kinds_with_one_name_the_first_keeps_it_and_the_other_says_its_kind():
    """Whichever was seen first."""
    both = ["StatefulSet", "Deployment"]
    names = [policy_name(WorkloadRef("demo", kind, "cart"), both) for kind in both]
    assert re.fullmatch(r"cart-statefulset-[0-9a-f]{8}-network", names[0])
    assert names[1] == "cart-network"


@given(st.text(min_size=1, max_size=300), kinds, st.lists(kinds))
def test_every_name_is_a_dns_subdomain_that_a_file_can_have(name, kind, others):
    """Whatever the workload is called."""
    made = policy_name(WorkloadRef("demo", kind, name), others)
    assert VALID.fullmatch(made)
    assert len(made) <= LONGEST
    assert made in possible_names("demo", name)


@given(
    st.lists(st.tuples(st.sampled_from(["a", "a-job", "a" * 250, "a" * 251, "A", "a.b", "a..b"]), kinds), unique=True)
)
def test_names_of_a_namespace_are_all_different(workloads):
    """Also where names had to be cut or cleaned."""
    made = [
        policy_name(WorkloadRef("demo", kind, name), [other for same, other in workloads if same == name])
        for name, kind in workloads
    ]
    assert len(set(made)) == len(made)
