"""What is remembered of answers stays bounded by what can still be asked."""

from cluster_objects import T0, controller, endpoints, facts, node, owner, pod, service

from schemas.records import ClusterFacts, InventoryObject, Protocol
from streams.directory.directory import Directory
from streams.objects.addresses import packed

SEEN = (T0, T0)
TOP = controller("Deployment", "web", {"app": "web"})
API = service("api", "10.96.0.9", selector={"app": "web"})


def web(number):
    """A pod of the Deployment."""
    said = {"labels": {"app": "web"}, "owned_by": owner("Deployment", "web")}
    return pod(f"web-{number}", f"10.1.{number // 200}.{number % 200}", **said)


def ask(directory, *addresses):
    """What a client reaches there."""
    return [directory.servers(packed(address), Protocol.TCP, 80, SEEN) for address in addresses]


def test_churn_leaves_nothing_behind():
    """A thousand pods come, are reached by themselves and through their Service, and go."""
    directory = Directory((facts(), TOP, API))
    sizes = []
    for number in range(1_000):
        directory.apply(web(number))
        ask(directory, web(number).body.ips[0], "10.96.0.9")
        directory.remove(web(number).key)
        sizes.append(len(directory._reached))
    assert max(sizes[500:]) <= max(sizes[:10])


def test_a_pod_and_what_was_reached_stay_the_same_objects_while_nothing_about_them_changes():
    """Other pods, nodes and controllers come and go."""
    directory = Directory((facts(), TOP, API, web(1), endpoints("api", [(web(1).body.ips[0], "web-1")])))
    end, (through,) = directory.pod("uid-web-1"), ask(directory, "10.96.0.9")
    for item in (
        node("n7", "192.168.0.7"),
        pod("other", "10.1.9.9"),
        controller("Job", "j"),
        service("b", "10.96.0.8"),
    ):
        directory.apply(item)
    directory.apply(web(1))
    assert directory.pod("uid-web-1") is end
    assert ask(directory, "10.96.0.9")[0] is through


def test_a_workload_is_one_object_for_all_its_pods():
    """Also for pods of other labels."""
    directory = Directory(
        (TOP, web(1), pod("web-2", labels={"app": "web", "x": "y"}, owned_by=owner("Deployment", "web")))
    )
    assert directory.pod("uid-web-1").peer is directory.pod("uid-web-2").peer


def test_a_flood_of_addresses_from_outside_is_not_kept():
    """A million clients cost what a few thousand cost."""
    directory = Directory((InventoryObject("test", "ClusterFacts", "", "cluster", ClusterFacts(("10.1.0.0/16",))),))
    for number in range(70_000):
        directory.servers((0xCB000000 + number).to_bytes(4, "big"), Protocol.TCP, 443, SEEN)
    assert len(directory._reached) <= 50_000
    assert len(directory._places._ends) <= 65_536
