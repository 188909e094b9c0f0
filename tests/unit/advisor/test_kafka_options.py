"""Options of librdkafka from a file and from the command line, and that no value is ever shown."""

import click
import pytest
from click.testing import CliRunner

from advisor.options import kafka_options, read_options
from schemas.errors import UsageError
from schemas.kafka import KafkaSettings, admin

SECRET = "correct-horse"


@pytest.fixture
def settings_of():
    """The settings that a command gets for its arguments."""

    def run(*arguments, env=None):
        got = []

        @click.command()
        @kafka_options
        def command(kafka):
            got.append(kafka)

        CliRunner().invoke(command, arguments, env=env, catch_exceptions=False)
        return got[0]

    return run


@pytest.fixture
def file(tmp_path):
    """A file of options."""
    path = tmp_path / "client.properties"
    path.write_text(f"# who we are\n\n  security.protocol = SASL_SSL\nsasl.password={SECRET}=#1\nclient.id=file\n")
    return path


def test_a_file_gives_options_in_its_order(file):
    """Comments and blank lines are left out; a value may hold an equals sign and a #."""
    assert read_options(file) == (
        ("security.protocol", "SASL_SSL"),
        ("sasl.password", f"{SECRET}=#1"),
        ("client.id", "file"),
    )


@pytest.mark.parametrize("way", ["argument", "environment"])
def test_the_command_line_wins_over_the_file(settings_of, file, way):
    """And the file may be named in the environment."""
    named, env = (
        (["--kafka-config", str(file)], None) if way == "argument" else ([], {"NETPOL_KAFKA_CONFIG": str(file)})
    )
    client = settings_of(*named, "-X", "client.id=argument", env=env).client()
    assert (client["security.protocol"], client["client.id"]) == ("SASL_SSL", "argument")


@pytest.mark.parametrize("line", [SECRET, f"={SECRET}", f"  = {SECRET}"])
def test_a_bad_line_is_named_by_its_number_only(tmp_path, line):
    """File and line are said, what stands there is not: it may be a password."""
    path = tmp_path / "bad.properties"
    path.write_text(f"# one\n{line}\n")
    with pytest.raises(UsageError, match=r"bad\.properties:2: write name=value") as raised:
        read_options(path)
    assert SECRET not in str(raised.value)


def test_a_bad_argument_is_not_repeated(settings_of):
    """The same for -X."""
    with pytest.raises(UsageError, match="-X: write NAME=VALUE") as raised:
        settings_of("-X", SECRET)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file"), (b"\xff\xfe", "not UTF-8")])
def test_a_file_that_is_no_text_is_a_usage_error(tmp_path, content, reason):
    """The file is named."""
    path = tmp_path / "other"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=f"--kafka-config .*other .*{reason}"):
        read_options(path)


@pytest.mark.parametrize("name", ["security.protocol", "sasl.mechanism", "ssl.key.pem", "no.such.option"])
def test_a_value_in_the_wrong_place_is_not_shown(name):
    """The client library's error names the option, and would show the value."""
    settings = KafkaSettings("localhost:1", options=(("security.protocol", "SASL_SSL"), (name, SECRET)))
    with pytest.raises(UsageError) as raised:
        admin(settings)
    assert SECRET not in f"{raised.value} {raised.value.__cause__}"


@pytest.mark.parametrize("name", ["", "/", "arn:aws:eks:eu-west-1:1:cluster/prod"])
def test_a_cluster_whose_name_would_break_the_keys_is_refused(settings_of, name):
    """The kind of an object is the second part of its key: of such a cluster, what was deleted was never closed."""
    with pytest.raises(UsageError, match="--cluster"):
        settings_of("--cluster", name)


def test_a_program_for_all_clusters_names_none(settings_of):
    """Its settings have a name that nobody asks for."""
    assert settings_of().cluster == "default"
    assert settings_of("--cluster", "eu-west-1:prod").cluster == "eu-west-1:prod"


def test_settings_in_a_log_show_no_option():
    """Their repr leaves the options out."""
    assert SECRET not in repr(KafkaSettings("localhost:1", options=(("sasl.password", SECRET),)))
