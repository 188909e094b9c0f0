"""What a stream worker costs in a large cluster: `python -m bench.streams` (docs/reference/benchmarks.md)."""
