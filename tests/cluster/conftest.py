"""A real Kubernetes API: its programs are built before the first test that needs them, outside every time limit."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from kube_binaries import find_or_build
from kube_server import KubeOptions, KubeServer

from schemas.errors import Unavailable

_FOUND = pytest.StashKey[Path | Unavailable]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """A build takes minutes: before the tests, so that no test's time limit counts it, and it can say so."""
    here = Path(__file__).parent
    if session.config.option.collectonly or not any(here in item.path.parents for item in session.items):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    try:
        session.config.stash[_FOUND] = find_or_build(reporter.write_line)
    except Unavailable as lack:
        session.config.stash[_FOUND] = lack


@pytest.fixture(scope="session")
def kube_binaries(pytestconfig: pytest.Config) -> Path:
    """The folder of etcd, kube-apiserver, kube-controller-manager and kwok."""
    found = pytestconfig.stash[_FOUND]
    if isinstance(found, Unavailable):
        pytest.skip(f"no Kubernetes API for tests: {found}")
    return found


@pytest.fixture(scope="session")
def kube_server(kube_binaries, tmp_path_factory) -> Iterator[KubeServer]:
    """One for the session, without roles and without simulated pods: make namespaces of your own, don't restart it."""
    with KubeServer.start(kube_binaries, tmp_path_factory.mktemp("kube")) as server:
        yield server


@pytest.fixture
def start_kube(kube_binaries, tmp_path_factory) -> Iterator[Callable[[KubeOptions], KubeServer]]:
    """Starts servers of the test's own."""
    with ExitStack() as running:
        yield lambda options: running.enter_context(
            KubeServer.start(kube_binaries, tmp_path_factory.mktemp("kube"), options)
        )
