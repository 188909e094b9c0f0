"""A group's coordinator that is not there yet is waited for; what stays wrong is told, and is not "nothing"."""

import pytest

from schemas.errors import Unavailable
from schemas.kafka import KafkaError, KafkaException, TopicPartition, committed_offsets

NOTHING = -1001


class Answers:
    """A consumer that fails with these codes in turn, as a whole or for one partition, then knows what is committed."""

    def __init__(self, *codes, of_a_partition=False):
        self.codes = list(codes)
        self._of_a_partition = of_a_partition

    def committed(self, partitions, timeout):
        assert timeout > 0
        if self.codes and not self._of_a_partition:
            raise KafkaException(KafkaError(self.codes.pop(0)))
        return [self._answered(one) for one in partitions]

    def _answered(self, share):
        if self.codes and share.partition == 1:
            return Failed(share.topic, share.partition, KafkaError(self.codes.pop(0)))
        return TopicPartition(share.topic, share.partition, (7, NOTHING)[share.partition])


class Failed:
    """A partition with its error, which the library alone can put into its own."""

    def __init__(self, topic, partition, error):
        self.topic, self.partition, self.offset, self.error = topic, partition, NOTHING, error


@pytest.mark.parametrize("of_a_partition", [False, True])
def test_a_coordinator_that_is_not_there_yet_is_waited_for(of_a_partition):
    """Of the second partition nothing is committed."""
    client = Answers(KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_LOAD_IN_PROGRESS, of_a_partition=of_a_partition)
    assert committed_offsets(client, "topic", [0, 1]) == {0: 7}


@pytest.mark.parametrize("of_a_partition", [False, True])
def test_what_stays_wrong_is_told_at_once(of_a_partition):
    client = Answers(KafkaError.GROUP_AUTHORIZATION_FAILED, of_a_partition=of_a_partition)
    with pytest.raises(Unavailable, match="committed of topic"):
        committed_offsets(client, "topic", [0, 1])
    assert client.codes == []


@pytest.mark.parametrize("of_a_partition", [False, True])
def test_patience_ends(of_a_partition):
    client = Answers(*[KafkaError.NOT_COORDINATOR] * 9, of_a_partition=of_a_partition)
    with pytest.raises(Unavailable, match="committed of topic"):
        committed_offsets(client, "topic", [0, 1], patience_s=0.2)
    assert client.codes
