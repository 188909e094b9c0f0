"""Recorded connections: the forms of a line, their reading and writing, and their way into windows.

Pure functions over streams of bytes and records. Never in here: Kafka, YAML, the command line.
"""
