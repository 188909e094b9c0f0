"""What was seen of pods allows some conclusions, and no others."""

from hypothesis import given
from hypothesis import strategies as st

from collector.claims import KEPT_S, MOST_ENDED, Claims, Sight, certain

OWNERS = st.dictionaries(st.sampled_from("abc"), st.frozensets(st.integers(1, 4)))


@given(OWNERS, OWNERS)
def test_only_what_one_pod_alone_has_is_certain(now, past):
    """Whoever has it now counts, else whoever had it; two are as good as none."""
    found, shared = certain(now.items(), past.items())
    for number in range(1, 5):
        present = {uid for uid, numbers in now.items() if number in numbers}
        before = {uid for uid, numbers in past.items() if number in numbers}
        owners = present or before
        assert found.get(number) == (min(owners) if len(owners) == 1 else None)
        assert (number in shared) == (len(present) > 1)


def _sight(*cookies):
    return Sight(frozenset(cookies), frozenset())


def test_the_memory_of_ended_pods_is_bounded():
    """The oldest goes first."""
    claims = Claims()
    for number in range(MOST_ENDED + 2):
        claims.see(str(number), _sight(number), 0)
    claims.live_are({}, 1)
    claims.settle(1)
    assert claims.sizes == (0, MOST_ENDED)
    assert (1 in claims.by_cookie, 2 in claims.by_cookie) == (False, True)


def test_the_memory_of_a_live_pod_is_bounded_by_time():
    """A pod whose sandbox is made anew for ever keeps those of the last minutes only."""
    claims = Claims()
    for second in range(2000):
        claims.see("a", _sight(second), second)
        claims.settle(second)
    assert KEPT_S <= len(claims.by_cookie) <= KEPT_S + 20


def test_a_pod_that_comes_back_is_not_forgotten():
    """Its control group may be made anew."""
    claims = Claims()
    claims.see("a", _sight(1), 0)
    claims.live_are({}, 1)
    claims.see("a", _sight(1), 2)
    claims.settle(2 + KEPT_S)
    assert (dict(claims.by_cookie), claims.sizes) == ({1: "a"}, (1, 0))


def test_a_visitor_does_not_take_what_another_has():
    """Whoever is there still counts, also against a visit that is over."""
    claims = Claims()
    for uid in "ab":
        claims.see(uid, _sight(1), 0)
    claims.see("b", _sight(), 1)
    claims.settle(1)
    assert claims.by_cookie == {1: "a"}
