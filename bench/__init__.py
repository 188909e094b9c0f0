"""What is measured, and how to repeat it: `python -m bench.NAME`; the last line is one JSON object."""
