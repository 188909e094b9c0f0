"""The server's settings: one node that is broker and controller, on loopback, without topics of its own making."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """What differs from one embedded server to the next.

    Attributes:
        directory: Holds the data, the properties and the log.
        broker_port: Clients connect here.
        controller_port: The KRaft quorum of one.
    """

    directory: Path
    broker_port: int
    controller_port: int

    @property
    def properties_file(self) -> Path:
        """server.properties."""
        return self.directory / "server.properties"

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self.directory / "kafka.log"

    @property
    def brokers(self) -> str:
        """The address for clients."""
        return f"127.0.0.1:{self.broker_port}"

    def properties(self) -> str:
        """The text of server.properties (kafka.apache.org/documentation, "Broker Configs")."""
        return f"""\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{self.controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{self.broker_port},CONTROLLER://127.0.0.1:{self.controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{self.broker_port}
log.dirs={self.directory / "data"}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=2
"""


LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""
