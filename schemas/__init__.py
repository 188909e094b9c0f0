"""The vocabulary that every program shares: records, their Avro form, the topics, and how to reach Kafka.

Nothing here knows what a program does with a record. No other package of ours may be imported.
"""
