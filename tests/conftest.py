"""What all tests share: one real Kafka a session, a fresh set of topics a test, and the golden switch."""

import gc
from collections.abc import Callable, Iterator

import pytest
from fresh import fresh_topics_at

from advisor.kafka_server import KafkaServer
from schemas.kafka import KafkaSettings


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the golden files instead of comparing")
    parser.addoption("--fail-on-skip", action="store_true", help="a skipped test is a failure, as on the test machines")


def pytest_collection_finish() -> None:
    """Some thousand tests and their modules stay until the end: nobody need look for garbage among them."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lacking = terminalreporter.stats.get("skipped", [])
    if lacking and terminalreporter.config.getoption("--fail-on-skip"):
        terminalreporter.write_line(f"{len(lacking)} tests were skipped: this machine lacks what they need", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--fail-on-skip") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def update_goldens(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update"))


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[KafkaServer]:
    """The real Apache Kafka, one for the session."""
    with KafkaServer.start() as server:
        yield server


@pytest.fixture(scope="session")
def fresh_topics(kafka_server: KafkaServer) -> Callable[[], KafkaSettings]:
    """Makes topics under a prefix that nobody else has."""
    return lambda: fresh_topics_at(kafka_server.brokers)


@pytest.fixture
def kafka(fresh_topics: Callable[[], KafkaSettings]) -> KafkaSettings:
    """Fresh topics of the test's own."""
    return fresh_topics()
