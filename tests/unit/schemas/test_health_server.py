"""The health server over real sockets: its answers, and its clients' time and number."""

import gc
import json
import os
import resource
import socket
import threading
import time
from http.client import HTTPConnection

import pytest
from prometheus_client.parser import text_string_to_metric_families

import schemas.health
from schemas.health import serving
from schemas.listening import Address
from schemas.metrics import Kind, Metric, Metrics, registry
from schemas.probes import Probes, Status

COUNT = Metric("things_total", Kind.COUNTER, "Things.", ("kind",), known=("a",))
ANY_PORT = Address("127.0.0.1", 0)


class World:
    """What the probes answer."""

    ready = Status(ok=True)
    live = Status(ok=True)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def metrics():
    return Metrics([COUNT])


@pytest.fixture
def server(world, metrics):
    with serving(ANY_PORT, Probes(registry(metrics), lambda: world.ready, lambda: world.live)) as address:
        yield address


def ask(server, path, method="GET"):
    """Status, headers and body."""
    connection = HTTPConnection(server.host, server.port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_metrics_are_what_prometheus_reads(server, metrics):
    """The library's own parser reads our numbers and the process's back."""
    metrics.add(COUNT, 13, "b")
    status, headers, body = ask(server, "/metrics")
    families = {family.name: family for family in text_string_to_metric_families(body.decode())}
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert {s.labels["kind"]: s.value for s in families["things"].samples} == {"a": 0, "b": 13}
    assert families["process_resident_memory_bytes"].samples[0].value > 2**20


@pytest.mark.parametrize("path", ["/ready", "/live"])
def test_a_probe_answers_503_with_what_is_missing(server, world, path):
    """Fine is 200; after that both reasons are told, as JSON."""
    assert ask(server, path)[0] == 200
    setattr(world, path[1:], Status.lacking("no kernel", "", "no Kafka"))
    status, headers, body = ask(server, path)
    assert (status, headers["Content-Type"]) == (503, "application/json")
    assert json.loads(body) == {"ok": False, "missing": ["no kernel", "no Kafka"]}


def test_ready_and_live_are_two_questions(server, world):
    """What is not ready may be live."""
    world.ready = Status.lacking("no Kafka")
    assert (ask(server, "/ready")[0], ask(server, "/live")[0]) == (503, 200)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/metrics/x", 404),
        ("GET", "/ready?verbose", 200),
        ("POST", "/ready", 405),
        ("DELETE", "/metrics", 405),
    ],
)
def test_other_paths_and_methods_are_refused(server, method, path, status):
    """404 and 405; a query is left aside."""
    assert ask(server, path, method)[0] == status


@pytest.mark.parametrize("path", ["/metrics", "/live", "/nothing"])
def test_head_is_get_without_a_body(server, path):
    """Same status and type, an empty body."""
    got, head = ask(server, path), ask(server, path, "HEAD")
    assert (head[0], head[1]["Content-Type"], head[2]) == (got[0], got[1]["Content-Type"], b"")


def test_a_mistake_in_a_metric_is_a_500_and_the_server_stays(caplog):
    """A scrape that fails does not look like a program that hangs."""
    metrics = Metrics([COUNT], refresh=lambda: 1 // 0)
    with serving(ANY_PORT, Probes(registry(metrics), World, lambda: Status(ok=True))) as server:
        assert ask(server, "/metrics")[0] == 500
        assert ask(server, "/live")[0] == 200
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    "sent", [b"nonsense\r\n\r\n", b"GET /live SPDY\r\n\r\n", b"GET /" + b"x" * 20_000, b"\r\n\r\n"]
)
def test_what_is_no_request_is_refused(server, sent):
    """400, also for a request without an end."""
    with socket.create_connection((server.host, server.port), timeout=10) as client:
        client.sendall(sent)
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


def test_slow_clients_neither_last_nor_hold_up_others(server, monkeypatch):
    """One that drips its request is cut off after its time in all, while others are answered at once."""
    monkeypatch.setattr(schemas.health, "PATIENCE_S", 1.0)
    with socket.create_connection((server.host, server.port), timeout=10) as slow:
        began, answers = time.monotonic(), 0
        while _takes(slow, b"G") and time.monotonic() - began < 10:
            answers += ask(server, "/live")[0] == 200
            time.sleep(0.1)
        assert 0.8 < time.monotonic() - began < 5
        assert answers > 3


def _takes(client, data):
    try:
        client.sendall(data)
    except OSError:  # reset or broken pipe, as the kernel likes
        return False
    return True


def test_a_crowd_is_turned_away_and_leaves_no_thread(server, monkeypatch):
    """With all places taken a further client is cut off at once; when they are free again it is answered."""
    monkeypatch.setattr(schemas.health, "CLIENTS", 20)
    threads = threading.active_count()
    crowd = [socket.create_connection((server.host, server.port), timeout=10) for _ in range(20)]
    with pytest.raises(OSError):  # noqa: PT011  reset or closed, as the kernel likes
        ask(server, "/live")
    assert threading.active_count() == threads
    for client in crowd:
        client.close()
    deadline = time.monotonic() + 10
    while not (answered := _answered(server)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert answered


def _answered(server):
    try:
        return ask(server, "/live")[0] == 200
    except OSError:
        return False


def test_without_free_descriptors_a_client_waits_and_the_server_does_not_spin(server, caplog):
    """The system's limit is one warning a second, and over when a descriptor is free again."""
    _answered_and_closed(server)  # its thread has begun, and has what descriptors it needs itself
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as client:
        lowest_free = os.dup(0)
        os.close(lowest_free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
        try:
            client.connect((server.host, server.port))
            time.sleep(0.5)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        client.settimeout(10)
        client.sendall(b"GET /live HTTP/1.1\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
    assert caplog.text.count("Too many open files") == 1


def _answered_and_closed(server):
    with socket.create_connection((server.host, server.port), timeout=10) as client:
        client.sendall(b"GET /live HTTP/1.1\r\n\r\n")
        while client.recv(1000):
            pass


def test_the_end_closes_the_port_and_the_thread():
    """After the block nobody listens, also with a client left hanging, and the port can be had again at once."""
    probes = Probes(registry(Metrics([COUNT])), World, World)
    with serving(ANY_PORT, probes) as server:
        hanging = socket.create_connection((server.host, server.port), timeout=10)
    with hanging, pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), timeout=10)
    assert "health" not in {thread.name for thread in threading.enumerate()}
    with serving(server, probes) as again:
        assert again == server


def test_the_end_leaves_no_socket_of_a_client_behind():
    """Nor of one who came in the last moment: an open one would be a warning, which fails this test, or the next."""
    for _ in range(30):
        with serving(ANY_PORT, Probes(registry(Metrics([COUNT])), World, World)) as server:
            clients = [socket.create_connection((server.host, server.port), timeout=10) for _ in range(3)]
        for client in clients:
            with client:
                assert _ended(client)
    gc.collect()


def _ended(client):
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def test_without_an_address_nothing_is_opened():
    """Off is off: no thread, no port."""
    threads = threading.active_count()
    with serving(None, Probes(registry(Metrics([COUNT])), World, World)) as address:
        assert address is None
        assert threading.active_count() == threads


def test_a_scrape_sees_no_half_of_a_change(server, metrics):
    """What changes together is scraped together, while a busy thread changes it."""
    stop = threading.Event()

    def work():
        while not stop.is_set():
            with metrics.at_once():
                metrics.add(COUNT, 1, "a")
                metrics.add(COUNT, 1, "b")

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(20):
            body = ask(server, "/metrics")[2].decode()
            values = {
                s.labels["kind"]: s.value
                for family in text_string_to_metric_families(body)
                if family.name == "things"
                for s in family.samples
            }
            assert values["a"] == values.get("b", 0)
    finally:
        stop.set()
        worker.join()
