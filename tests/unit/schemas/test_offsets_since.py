"""From when on to read: a leader that is being chosen is waited for, and an error is not "no such record"."""

import pytest

from schemas.errors import Unavailable
from schemas.kafka import KafkaError, KafkaException, TopicPartition, offsets_since

SINCE, NONE = 1_700_000_000_000, -1


class Failed:
    """A partition with its error, which the library alone can put into its own."""

    def __init__(self, code):
        self.partition, self.offset, self.error = 1, NONE, KafkaError(code)


class Answers:
    """A consumer that fails with these codes in turn, as a whole or for one partition, then knows the offsets."""

    def __init__(self, *codes, of_a_partition=False):
        self.codes = list(codes)
        self._of_a_partition = of_a_partition

    def offsets_for_times(self, partitions, timeout):
        assert timeout > 0
        assert {one.offset for one in partitions} == {SINCE}
        if self.codes and not self._of_a_partition:
            raise KafkaException(KafkaError(self.codes.pop(0)))
        found = [TopicPartition("t", one.partition, (7, NONE)[one.partition]) for one in partitions]
        return [found[0], Failed(self.codes.pop(0))] if self.codes else found


@pytest.mark.parametrize("of_a_partition", [False, True])
def test_a_leader_that_is_being_chosen_is_waited_for(of_a_partition):
    """The second partition has no record of that time or later."""
    client = Answers(
        KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, of_a_partition=of_a_partition
    )
    assert offsets_since(client, "topic", [0, 1], SINCE) == {0: 7}


@pytest.mark.parametrize("of_a_partition", [False, True])
def test_what_stays_wrong_is_told_at_once(of_a_partition):
    client = Answers(KafkaError.TOPIC_AUTHORIZATION_FAILED, of_a_partition=of_a_partition)
    with pytest.raises(Unavailable, match="offsets of topic"):
        offsets_since(client, "topic", [0, 1], SINCE)
    assert client.codes == []
