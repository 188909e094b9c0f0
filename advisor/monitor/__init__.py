"""`monitor`: windows from Kafka as lines of JSON, one per edge as it is seen, so that their counts add up."""
