"""A directory that a test may hide under a file system of its own."""

import sys
from pathlib import Path


def scratch() -> str:
    """One that exists everywhere and that the interpreter, and so the checkout, is not in."""
    common = (Path(name) for name in ("/tmp", "/var/tmp", "/mnt", "/media"))
    return str(next(path for path in common if path.is_dir() and not Path(sys.executable).is_relative_to(path)))
