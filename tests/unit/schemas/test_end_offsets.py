"""A partition whose leader is just being chosen is waited for; what stays wrong is told."""

import pytest

from schemas.errors import Unavailable
from schemas.kafka import KafkaError, KafkaException, end_offsets


class Answers:
    """A consumer that fails with these codes in turn, then knows the offsets."""

    def __init__(self, *codes):
        self.codes = list(codes)

    def get_watermark_offsets(self, _partition, timeout):
        assert timeout > 0
        if self.codes:
            raise KafkaException(KafkaError(self.codes.pop(0)))
        return 3, 7


def test_a_leader_that_is_being_chosen_is_waited_for():
    client = Answers(KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)
    assert end_offsets(client, "topic", [0, 1]) == {0: (3, 7), 1: (3, 7)}


def test_what_stays_wrong_is_told_at_once():
    client = Answers(KafkaError.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(Unavailable, match="offsets of topic"):
        end_offsets(client, "topic", [0])
    assert client.codes == []
