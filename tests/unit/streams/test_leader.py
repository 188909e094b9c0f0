"""Who may publish: the lease as several instances see it, and what each of them writes into it."""

from hypothesis import given
from hypothesis import strategies as st

from streams.follow.leader import DEADLINE_S, DURATION_S, Observed, Seen, may_take, observed, seen, written

NOW = 1_800_000_000_000
MINE, YOURS = (Seen(holder, DURATION_S, 3, "7", "2027-01-15T08:00:00.000000Z") for holder in ("me", "you"))


def spec(lease, me):
    return written("ns", "name", lease, me, NOW)["spec"]


def test_a_lease_that_is_not_there_is_free():
    """The first instance of all."""
    assert may_take(Observed(None, 0.0), "me", 0.0)


def test_anothers_lease_is_free_once_it_has_not_changed_for_its_duration():
    """By our own clock, from when we first saw it like this."""
    assert not may_take(Observed(YOURS, 100.0), "me", 100.0 + DURATION_S)
    assert may_take(Observed(YOURS, 100.0), "me", 100.1 + DURATION_S)


def test_a_renewal_by_another_begins_its_time_anew():
    """Whatever the other's clock says."""
    renewed = Seen("you", DURATION_S, 3, "8", YOURS.acquired)
    first = observed(None, YOURS, 100.0)
    assert observed(first, YOURS, 114.0) == Observed(YOURS, 100.0)
    assert observed(first, renewed, 114.0) == Observed(renewed, 114.0)


def test_mine_and_what_was_given_back_are_free():
    """At any time."""
    assert may_take(Observed(MINE, 0.0), "me", 0.0)
    assert may_take(Observed(Seen("", 1, 3, "7", ""), 0.0), "me", 0.0)


def test_a_renewal_keeps_the_term():
    """When it was acquired, and how often it changed hands."""
    assert (spec(MINE, "me")["leaseTransitions"], spec(MINE, "me")["acquireTime"]) == (3, MINE.acquired)


def test_a_change_of_hands_is_counted():
    """So that who held it before knows that somebody has published meanwhile."""
    assert spec(YOURS, "me")["leaseTransitions"] == 4
    assert spec(Seen("", 1, 3, "7", ""), "me")["leaseTransitions"] == 4


def test_giving_it_back_leaves_no_holder():
    """And no time to wait for."""
    assert (spec(MINE, "")["holderIdentity"], spec(MINE, "")["leaseDurationSeconds"]) == ("", 1)
    assert spec(MINE, "")["leaseTransitions"] == 3


def test_it_is_written_over_the_version_that_was_seen():
    """Of two who write at once the server refuses one."""
    assert written("ns", "name", MINE, "me", NOW)["metadata"]["resourceVersion"] == "7"
    assert "resourceVersion" not in written("ns", "name", None, "me", NOW)["metadata"]


def test_what_is_written_is_read_again():
    """Microseconds, as the API wants them."""
    body = written("ns", "name", None, "me", NOW)
    assert body["spec"]["renewTime"] == "2027-01-15T08:00:00.000000Z"
    assert seen(body) == Seen("me", DURATION_S, 0, "", "2027-01-15T08:00:00.000000Z")


@given(renewals=st.lists(st.floats(0.1, DEADLINE_S), max_size=20), look=st.floats(0, 2.0))
def test_nobody_takes_a_lease_whose_holder_may_still_write(renewals, look):
    """The holder stops DEADLINE_S after its last renewal began; others wait DURATION_S from when they saw it.

    holder   r----r------r          stops|
    other      o    o      o                    takes|
    """
    now, version, known = 0.0, 0, None
    for pause in renewals:
        now, version = now + pause, version + 1
        known = observed(known, Seen("you", DURATION_S, 0, str(version), ""), now + look)
        holder_stops = now + DEADLINE_S
        assert not may_take(known, "me", holder_stops)
