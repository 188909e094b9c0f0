"""Windows of a shop of some size, made from numbers alone: no chance in them."""

from small_worlds import WINDOW_MS, window

from schemas.records import Edge, Protocol, Role, Workload, WorkloadPeer


def deployment(number):
    """One of the shop's workloads; every third lives in a namespace of its own."""
    return Workload("shop" if number % 3 else f"team{number}", "Deployment", f"w{number}", (("app", f"w{number}"),))


def shop(workloads, windows):
    """Each workload serves two others and calls a third, differently in each window."""
    return [
        window(deployment(number), index * WINDOW_MS, _edges(number, index, workloads))
        for index in range(windows)
        for number in range(workloads)
    ]


def _edges(number, index, workloads):
    for role, step, port in ((Role.SERVER, 1 + index, 8080), (Role.SERVER, 5, 9090), (Role.CLIENT, 2, 8080)):
        peer = WorkloadPeer(deployment((number + step) % workloads))
        start = index * WINDOW_MS
        yield Edge(role, peer, Protocol.TCP, port, 1 + index, 0, 0, 0, start, start + 1)
