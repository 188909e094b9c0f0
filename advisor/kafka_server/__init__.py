"""Apache Kafka itself on this machine, one node in KRaft mode, for the demo and the tests.

It is the engine of production with small settings; nothing here imitates it.
"""

from advisor.kafka_server.server import KafkaServer

__all__ = ["KafkaServer"]
