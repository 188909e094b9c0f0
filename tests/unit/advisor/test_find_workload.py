"""Short forms of a workload's name: one meaning, or an error that helps."""

import pytest

from advisor.suggestions.find import UnknownWorkload, find
from schemas.errors import UsageError
from schemas.records import WorkloadRef

CART = WorkloadRef("demo", "Deployment", "cart")
BANK_CART = WorkloadRef("bank", "StatefulSet", "cart")
DB_CART = WorkloadRef("demo", "StatefulSet", "cart")
WEB = WorkloadRef("demo", "Deployment", "web")
DEMO = WorkloadRef("web", "DaemonSet", "demo")
KNOWN = (CART, BANK_CART, DB_CART, WEB, DEMO)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("demo/Deployment/cart", CART),
        ("demo/deploy/cart", CART),
        ("demo/deployments/cart", CART),
        ("bank/cart", BANK_CART),
        ("deployment/cart", CART),
        ("sts/web", None),
        ("web", WEB),
        ("demo/web", WEB),
        ("web/ds/demo", DEMO),
        ("ds/demo", DEMO),
        ("web/demo", DEMO),
    ],
)
def test_a_form_with_one_meaning_is_it(text, expected):
    if expected is None:
        with pytest.raises(UnknownWorkload):
            find(text, KNOWN)
    else:
        assert find(text, KNOWN) == expected


@pytest.mark.parametrize(("text", "candidates"), [("cart", (BANK_CART, CART, DB_CART)), ("demo/cart", (CART, DB_CART))])
def test_a_form_with_several_meanings_names_them(text, candidates):
    """Exit code 2."""
    with pytest.raises(UsageError, match=f"{text} may be any of {', '.join(map(str, candidates))}; write one") as said:
        find(text, KNOWN)
    assert said.value.exit_code == 2


def test_an_unknown_name_names_those_that_are_near():
    """Exit code 1; the case of a name counts."""
    with pytest.raises(
        UnknownWorkload, match="no suggestion of demo/carts; did you mean bank/StatefulSet/cart"
    ) as said:
        find("demo/carts", KNOWN)
    assert said.value.exit_code == 1
    with pytest.raises(UnknownWorkload, match="did you mean demo/Deployment/web"):
        find("demo/eb", KNOWN)
    with pytest.raises(UnknownWorkload, match="`network-policy status` lists"):
        find("zebra", KNOWN)
    with pytest.raises(UnknownWorkload, match="there is none of any workload"):
        find("zebra", ())


def test_a_workload_that_is_gone_is_said_to_be():
    with pytest.raises(UnknownWorkload, match="demo/Deployment/web is gone"):
        find("web", (CART,), gone=(WEB,))


@pytest.mark.parametrize("text", ["", "/", "a//b", "demo/Deployment/cart/0", "/cart"])
def test_what_is_no_form_is_refused(text):
    with pytest.raises(UsageError, match="write namespace/kind/name"):
        find(text, KNOWN)


def test_of_many_candidates_some_are_named():
    many = [WorkloadRef(f"n{number:02}", "Deployment", "cart") for number in range(30)]
    with pytest.raises(UsageError, match="n09/Deployment/cart and 20 more;"):
        find("cart", many)
