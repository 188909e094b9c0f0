"""The option that opens `/metrics`, `/ready` and `/live`, the same for every program that runs for long."""

import click

from schemas.listening import OPTION, Address


def _parsed(_context: click.Context, _option: click.Parameter, text: str) -> Address | None:
    return Address.parse(text) if text else None


# Off unless asked for: by hand nobody scrapes, and a second program on the machine would find the port in use. The
# DaemonSet asks for it, at the pod's own address, because neither the kubelet nor Prometheus reaches a pod's loopback.
health_option = click.option(
    OPTION,
    "metrics",
    envvar="NETPOL_METRICS_ADDRESS",
    default="",
    metavar="HOST:PORT",
    callback=_parsed,
    help="Serve /metrics, /ready and /live there, for example at 127.0.0.1:9464; nothing is opened without it.",
)
