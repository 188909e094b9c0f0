"""One pod's process: answers on its ports and calls its peers, again and again; run with `python -I -S`.

A process per pod, not threads that enter the namespaces: so /proc shows what a node shows, a process in the network
namespace of its pod. It imports little, so that fifteen of them cost little.
"""

import json
import socket
import sys
import threading
import time

TIMEOUT_S = 2.0
HELLO = b"hello\n"


def say(text: str) -> None:
    """One line of the log."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def listen(port: int, *, dual_stack: bool) -> socket.socket:
    """A listening socket; with `dual_stack` an AF_INET6 one that serves IPv4 too, as Go and Java open it."""
    address: tuple[str, int] = ("::" if dual_stack else "0.0.0.0", port)  # noqa: S104  a pod's own namespace
    family = socket.AF_INET6 if dual_stack else socket.AF_INET
    return socket.create_server(address, family=family, dualstack_ipv6=dual_stack, backlog=64)


def serve(server: socket.socket) -> None:
    """Answer one line to everybody, for ever."""
    while True:
        client, _ = server.accept()
        with client:
            client.settimeout(TIMEOUT_S)
            try:
                client.sendall(client.recv(64))
            except OSError as error:
                say(f"a client left: {error}")


def call(address: str, port: int, *, dual_stack: bool) -> str:
    """One connection, one line each way; how it went."""
    family, host = (socket.AF_INET6, f"::ffff:{address}") if dual_stack else (socket.AF_INET, address)
    with socket.socket(family) as client:
        client.settimeout(TIMEOUT_S)
        try:
            client.connect((host, port))
            client.sendall(HELLO)
            return "answered" if client.recv(64) == HELLO else "no answer"
        except OSError as error:
            return f"failed: {error.strerror or error}"


def main() -> None:
    """The pod, as the JSON argument describes it: ports, dual_stack, calls, begin, interval_s.

    `begin` is a time of the machine's monotonic clock; a round of all calls takes `interval_s`.
    """
    pod = json.loads(sys.argv[1])
    dual_stack = pod["dual_stack"] and socket.has_dualstack_ipv6()
    for server in [listen(port, dual_stack=dual_stack) for port in pod["ports"]]:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
    say("pod ready")
    time.sleep(max(0.0, pod["begin"] - time.monotonic()))
    said: set[tuple[str, int, str]] = set()
    while True:
        for address, port in pod["calls"]:
            result = call(address, port, dual_stack=dual_stack)
            if (address, port, result) not in said:
                said.add((address, port, result))
                say(f"{address}:{port} {result}")
            time.sleep(pod["interval_s"] / len(pod["calls"]))
        if not pod["calls"]:
            time.sleep(60)


if __name__ == "__main__":
    main()
