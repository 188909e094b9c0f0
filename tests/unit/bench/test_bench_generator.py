"""What the generator says, and what it needs."""

import pytest

from schemas.errors import Unavailable

ANSWER = (
    '{"connected": 5, "accepted": 5, "failed": %d, "error": "%s", "measured": 4, "measured_s": 2.0, "cpu_s": 1.0, '
    '"latency": [[100, 3], [200, 1]]}'
)


@pytest.fixture
def load():
    from bench.collector import load

    return load


def test_its_answer_is_read(load):
    """The rate is of what was measured, not of all that was made."""
    made = load.made_of(ANSWER % (0, ""))
    assert (made.connected, made.rate, made.cpu_us, made.latency) == (5, 2.0, 250_000, ((100, 3), (200, 1)))


def test_figures_of_a_load_that_could_not_be_made_are_refused(load):
    """A machine out of ports measures itself, not the collector."""
    with pytest.raises(Unavailable, match=r"2 connections .*Cannot assign requested address"):
        load.made_of(ANSWER % (2, "Cannot assign requested address"))


def test_a_missing_compiler_is_said_with_what_to_install(load, monkeypatch, tmp_path):
    """No traceback for a machine without gcc."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(load.shutil, "which", lambda _name: None)
    with pytest.raises(Unavailable, match="apt-get install gcc"):
        load.compiled()


def test_the_generator_is_compiled_once(load, monkeypatch, tmp_path):
    """A second run finds it in the cache, even where gcc is gone by then."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = load.compiled()
    monkeypatch.setattr(load.shutil, "which", lambda _name: None)
    assert load.compiled() == first


def test_the_programs_of_a_process_are_found_by_its_descriptors():
    """Held itself or by a link, once each; other descriptors are passed over."""
    from bench.collector.programs import identities

    assert identities(["pos:\t0\nprog_type:\t13\nprog_id:\t7\n", "link_type:\tcgroup\nprog_id:\t7\n", "pos:\t0\n"]) == {
        7
    }
