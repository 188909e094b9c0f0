"""Policies as files: whole, only when changed, inside the directory, and never somebody else's."""

import os

import pytest

from synthesizer.files import OutputRefused, OutputUnavailable, PolicyFiles

OURS = "metadata:\n  labels:\n    app.kubernetes.io/managed-by: network-policy-advisor\n"


@pytest.fixture
def files(tmp_path):
    return PolicyFiles(tmp_path / "out")


def test_a_file_is_written_whole_and_nothing_else_is_left(files, tmp_path):
    """The directories are made."""
    assert files.write("shop", "cart-network", OURS)
    assert [tmp_path / "out/shop/cart-network.yaml"] == [path for path in tmp_path.rglob("*") if path.is_file()]
    assert (tmp_path / "out/shop/cart-network.yaml").read_text() == OURS


def test_equal_bytes_are_not_written_again(files, tmp_path):
    """The inode stays, so nobody who watches the directory wakes up."""
    files.write("shop", "p", OURS)
    before = (tmp_path / "out/shop/p.yaml").stat().st_ino
    assert not files.write("shop", "p", OURS)
    assert before == (tmp_path / "out/shop/p.yaml").stat().st_ino
    assert files.write("shop", "p", OURS + "spec: {}\n")


def test_somebody_elses_file_is_neither_overwritten_nor_removed(files, tmp_path):
    """Ours carry the label managed-by."""
    path = tmp_path / "out/shop/p.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("kind: NetworkPolicy\n")
    with pytest.raises(OutputRefused, match="not written by this program"):
        files.write("shop", "p", OURS)
    assert not files.remove("shop", "p")
    assert path.read_text() == "kind: NetworkPolicy\n"


def test_our_file_is_removed_and_its_empty_directory_with_it(files, tmp_path):
    """Once."""
    files.write("shop", "p", OURS)
    assert files.remove("shop", "p")
    assert not files.remove("shop", "p")
    assert not (tmp_path / "out/shop").exists()


@pytest.mark.parametrize(
    ("namespace", "name"),
    [("..", "p"), ("shop", "../p"), ("a/b", "p"), ("", "p"), ("shop", "p\0"), (".", "p"), ("shop", "n" * 251)],
)
def test_no_name_leads_out_of_the_directory(files, namespace, name, tmp_path):
    """Whatever a record says."""
    with pytest.raises(OutputRefused):
        files.write(namespace, name, OURS)
    assert not list(tmp_path.rglob("*.yaml"))


def test_no_link_leads_out_of_the_directory(files, tmp_path):
    """A namespace's folder that is a link to elsewhere is refused."""
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out/shop").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputRefused, match="leads out"):
        files.write("shop", "p", OURS)


def test_a_directory_that_cannot_be_written_is_a_clear_error(files, tmp_path):
    """It names the file and the cause; the same call succeeds once the cause is gone."""
    (tmp_path / "out").write_text("a file where the directory should be")
    with pytest.raises(OutputUnavailable, match=r"out/shop/p\.yaml: Not a directory"):
        files.write("shop", "p", OURS)
    (tmp_path / "out").unlink()
    assert files.write("shop", "p", OURS)


def test_a_full_disk_leaves_the_old_file_and_no_part_of_a_new_one(files, tmp_path, monkeypatch):
    """As the file system would say it in the middle of a write."""

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    files.write("shop", "p", OURS)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputUnavailable, match="No space left"):
        files.write("shop", "p", OURS + "more")
    assert {path.name: path.read_text() for path in (tmp_path / "out/shop").iterdir()} == {"p.yaml": OURS}
