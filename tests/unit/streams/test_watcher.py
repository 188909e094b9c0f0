"""The state machine of one watch: lists of pages, events, and what an answer of another kind leads to."""

import pytest
from cluster_objects import pod

from streams.follow.answers import Away, Denied, Gone
from streams.follow.watcher import (
    Changed,
    Event,
    Following,
    Listed,
    Listing,
    Page,
    Removed,
    Slim,
    failed,
    happened,
    paged,
    refusal,
)

A, B = (Slim(item.key, item) for item in (pod("a"), pod("b")))


def test_a_list_of_one_page_is_complete_at_once():
    """Its version is where the watch begins."""
    assert paged(Listing(), Page((A,), "7", "")) == (Following("7"), Listed((A,)))


def test_a_list_is_told_only_when_its_last_page_is_there():
    """Half a list would look like deletions."""
    state, listed = paged(Listing(), Page((A,), "7", "more"))
    assert (state.token, listed) == ("more", None)
    assert paged(state, Page((B,), "7", "")) == (Following("7"), Listed((A, B)))


def test_a_watch_begins_at_the_first_pages_version():
    """A later page may be newer, as of a server that lost the list's own version."""
    state, _ = paged(Listing(), Page((A,), "7", "more"))
    assert paged(state, Page((B,), "9", ""))[0] == Following("7")


@pytest.mark.parametrize(("kind", "change"), [("ADDED", Changed(A)), ("MODIFIED", Changed(A)), ("DELETED", Removed(A))])
def test_an_event_is_a_change_and_moves_the_version(kind, change):
    """So that a broken watch goes on behind it."""
    assert happened(Following("7"), Event(kind, "8", A)) == (Following("8"), change)


def test_a_bookmark_moves_the_version_alone():
    """That is what it is for."""
    assert happened(Following("7"), Event("BOOKMARK", "99", None)) == (Following("99"), None)


def test_an_event_without_a_version_leaves_it():
    """To begin at an empty version would be to begin anywhere."""
    assert happened(Following("7"), Event("MODIFIED", "", A)) == (Following("7"), Changed(A))


@pytest.mark.parametrize("state", [Listing(), Listing("more", (Page((A,), "7", "more"),)), Following("7")])
def test_what_is_too_old_is_listed_from_the_beginning(state):
    """410, of a version or of a page's token."""
    assert failed(state, Gone("too old")) == Listing()


@pytest.mark.parametrize("answer", [Away("", "broken"), Denied("", 401)])
@pytest.mark.parametrize("state", [Listing("more", (Page((A,), "7", "more"),)), Following("7")])
def test_what_broke_goes_on_where_it_was(state, answer):
    """Pages that were read are kept, events that were told are not told again."""
    assert failed(state, answer) == state


def test_an_error_event_with_410_is_gone():
    """A watch that is open already learns it this way."""
    assert isinstance(refusal({"type": "ERROR", "object": {"code": 410, "message": "too old"}}), Gone)


@pytest.mark.parametrize("status", [{"code": 500}, {}, "text", None])
def test_any_other_error_event_is_to_be_tried_again(status):
    """Whatever it holds."""
    assert isinstance(refusal({"type": "ERROR", "object": status}), Away)


def test_other_events_are_no_refusals():
    """They are taken as they are."""
    assert refusal({"type": "ADDED", "object": {}}) is None
