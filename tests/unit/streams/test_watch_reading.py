"""What the API server says, read: an answer that is not whole is no answer, and one bad object spoils no list."""

import pytest

from streams.follow.answers import Away
from streams.follow.kinds import KINDS, SERVICE_CIDR, Scope
from streams.follow.reading import Reading

KIND = {kind.name: kind for kind in KINDS}


def reading(kind="Pod", complete=lambda source: source):
    return Reading(Scope(KIND[kind]), "test", complete)


def item(name, **more):
    return {"metadata": {"name": name, "namespace": "demo", "resourceVersion": "5"}, **more}


def listed(*items, **more):
    return {"kind": "PodList", "metadata": {"resourceVersion": "7"}, "items": list(items), **more}


def test_a_page_names_its_objects_version_and_next_page():
    """Items of a list say no kind: it is the list's."""
    page = reading().page(listed(item("a"), metadata={"resourceVersion": "7", "continue": "more"}))
    assert ([one.key for one in page.objects], page.version, page.token) == (["test/Pod/demo/a"], "7", "more")
    assert page.objects[0].item.kind == "Pod"


def test_an_empty_list_may_be_null():
    """Go writes a slice of nothing so."""
    assert reading().page(listed(items=None)).objects == ()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"kind": "Status", "metadata": {}, "items": []},
        {"kind": "PodList", "metadata": {"resourceVersion": "7"}},
        {"kind": "PodList", "metadata": {}, "items": []},
        {"kind": "PodList", "metadata": {"resourceVersion": ""}, "items": []},
        {"kind": "PodList", "metadata": {"resourceVersion": 7}, "items": []},
        {"kind": "PodList", "metadata": {"resourceVersion": "7", "continue": 3}, "items": []},
        {"kind": "PodList", "metadata": None, "items": []},
        {"kind": "PodList", "metadata": {"resourceVersion": "7"}, "items": {"a": 1}},
        listed({"metadata": {}}),
        listed({"metadata": {"name": ""}}),
        listed("text"),
    ],
)
def test_half_an_answer_is_none(answer):
    """To take it for a list would be to delete what it lacks."""
    with pytest.raises(Away) as caught:
        reading().page(answer)
    assert caught.value.reason == "broken"


def test_an_object_that_cannot_be_used_is_still_there():
    """Its name is known: what is published of it stays; it is counted."""
    read = reading()
    page = read.page(listed(item("good"), item("bad", spec={"nodeName": 3})))
    assert [(one.key, one.item is None) for one in page.objects] == [
        ("test/Pod/demo/good", False),
        ("test/Pod/demo/bad", True),
    ]
    assert read.unusable == 1


@pytest.mark.parametrize(
    "event", [{}, {"type": "ADDED"}, {"type": "NEW", "object": item("a")}, {"type": "ADDED", "object": 3}]
)
def test_what_is_no_event_breaks_the_watch(event):
    """It goes on where it was."""
    with pytest.raises(Away):
        reading().event(event)


def test_a_bookmark_is_a_version_without_an_object():
    """Its object has neither name nor spec."""
    event = reading().event({"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "9"}}})
    assert (event.type, event.version, event.object) == ("BOOKMARK", "9", None)


def test_metadata_alone_keeps_the_kind_that_was_asked_for():
    """The server calls it PartialObjectMetadata."""
    event = reading("ReplicaSet").event({"type": "ADDED", "object": item("a", kind="PartialObjectMetadata")})
    assert event.object.item.kind == "ReplicaSet"


def test_what_completes_an_object_is_asked_for_it():
    """A bare ReplicaSet's selector is not among its metadata."""
    spec = {"selector": {"matchLabels": {"app": "x"}}}
    page = reading("ReplicaSet", lambda source: {**source, "spec": spec}).page(listed(item("a")))
    assert page.objects[0].item.body.selector == (("app", "x"),)


def test_a_range_of_service_addresses_is_read():
    """It is no object of the inventory, but the facts follow from it."""
    source = {"metadata": {"name": "kubernetes"}, "spec": {"cidrs": ["10.96.0.0/16", "fd00::/108"]}}
    page = Reading(Scope(SERVICE_CIDR), "test", lambda one: one).page(listed(source))
    assert page.objects[0].item.body.service_cidrs == ("10.96.0.0/16", "fd00::/108")
