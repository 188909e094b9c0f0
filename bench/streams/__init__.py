"""What a stream worker costs at the size of a large cluster: `python -m bench.streams` (docs/reference/benchmarks.md)."""
