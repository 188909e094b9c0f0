"""Kernel headers for bcc.

Programs that use UAPI types only compile with the headers of any kernel, so those of another one will do.
"""

import os
import platform
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.errors import KernelUnavailable

VARIABLE: Final = "BCC_KERNEL_SOURCE"
_ARCHITECTURES: Final = {"x86_64": "x86", "aarch64": "arm64"}
_MARK: Final = "include/uapi/linux/bpf.h"
MERGED_PREFIX: Final = "network-policy-headers-"
"""Names of temporary directories in which trees are merged begin so."""
ADVICE: Final = "install linux-headers-amd64 (or -arm64), or set BCC_KERNEL_SOURCE to a tree with include/ and arch/"


@dataclass(frozen=True, slots=True)
class Headers:
    """Where headers are.

    Attributes:
        trees: Directories with include/ and arch/; more than one must be merged.
        found_by_bcc: bcc looks there by itself.
    """

    trees: tuple[Path, ...]
    found_by_bcc: bool = False


def find(environment: Mapping[str, str], root: Path = Path("/"), release: str = "") -> Headers | None:
    """The headers to use: those named by BCC_KERNEL_SOURCE, the running kernel's own, or Debian's of any kernel.

    Args:
        environment: As os.environ.
        root: Where /lib/modules and /usr/src are looked for.
        release: The running kernel's release; as uname says if empty.
    """
    given = environment.get(VARIABLE)
    if given is not None:
        return Headers((Path(given),)) if (Path(given) / _MARK).is_file() else None
    modules = root / "lib/modules" / (release or platform.release())
    if any((modules / name / _MARK).is_file() for name in ("source", "build")):
        return Headers((modules,), found_by_bcc=True)
    return _debian(root / "usr/src")


def _debian(sources: Path) -> Headers | None:
    for common in sorted(sources.glob("linux-headers-*-common"), reverse=True):
        prefix = common.name.removesuffix("common")
        flavours = [tree for tree in sorted(sources.glob(f"{prefix}*")) if tree != common]
        complete = [tree for tree in flavours if (tree / "include/generated").is_dir()]
        if complete and (common / _MARK).is_file():
            return Headers((common, complete[0]))
    return None


def merge(trees: Iterable[Path], target: Path) -> None:
    """Make `target` show what all trees hold, with symbolic links; the first tree wins."""
    names: dict[str, list[Path]] = {}
    for tree in trees:
        for entry in tree.iterdir():
            names.setdefault(entry.name, []).append(entry)
    target.mkdir(exist_ok=True)
    for name, entries in names.items():
        if len(entries) > 1 and all(entry.is_dir() for entry in entries):
            merge(entries, target / name)
        else:
            (target / name).symlink_to(entries[0])


@contextmanager
def prepared(environment: Mapping[str, str] = os.environ) -> Iterator[dict[str, str]]:
    """What to set in the environment of a process that compiles; raises KernelUnavailable if there are no headers."""
    headers = find(environment)
    if headers is None:
        raise KernelUnavailable(f"no kernel headers: {ADVICE}")
    if headers.found_by_bcc:
        yield {}
    elif len(headers.trees) == 1:
        yield {VARIABLE: str(headers.trees[0])}
    else:
        with tempfile.TemporaryDirectory(prefix=MERGED_PREFIX) as directory:
            _merge_needed(headers.trees, Path(directory))
            yield {VARIABLE: directory}


def _merge_needed(trees: tuple[Path, ...], target: Path) -> None:
    architecture = f"arch/{_ARCHITECTURES.get(platform.machine(), platform.machine())}"
    merge([tree / "include" for tree in trees], target / "include")
    (target / "arch").mkdir()
    merge([tree / architecture for tree in trees if (tree / architecture).is_dir()], target / architecture)
