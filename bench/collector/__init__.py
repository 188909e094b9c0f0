"""What the collector costs a node, and what it misses: `python -m bench.collector` (docs/reference/benchmarks.md)."""
