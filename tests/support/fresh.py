"""Topics that no other test has."""

import uuid

from schemas.kafka import KafkaSettings
from schemas.topic_admin import Layout, create_topics


def fresh_topics_at(brokers: str, partitions: int = 2) -> KafkaSettings:
    """Makes all topics under a new prefix; the way to them, for a cluster named `test`."""
    settings = KafkaSettings(brokers, cluster="test", topic_prefix=f"t{uuid.uuid4().hex[:8]}.")
    create_topics(settings, Layout(partitions))
    return settings
