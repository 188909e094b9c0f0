"""The security options of librdkafka for a client that is not librdkafka: taken over one by one, or refused."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from schemas.errors import UsageError

_PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_TLS: Final = frozenset(
    {
        "ssl.ca.location", "ssl.certificate.location", "ssl.key.location", "ssl.key.password",
        "ssl.endpoint.identification.algorithm", "enable.ssl.certificate.verification",
    }
)  # fmt: skip
_PASSWORD: Final = frozenset({"sasl.mechanism", "sasl.mechanisms", "sasl.username", "sasl.password"})
_UNDERSTOOD: Final = _TLS | _PASSWORD | {"security.protocol"}
_FAMILIES: Final = ("sasl.", "ssl.", "security.", "enable.ssl.", "enable.sasl.", "https.", "oauth")
_ELSEWHERE: Final = frozenset({"bootstrap.servers", "metadata.broker.list"})
_SWITCHES: Final = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Security:
    """How to be trusted by Kafka, and how to trust it.

    Attributes:
        tls: For TLS; none without.
        mechanism: Of SASL; empty without.
        username: For SASL.
        password: For SASL.
    """

    tls: ssl.SSLContext | None = None
    mechanism: str = ""
    username: str = ""
    password: str = field(default="", repr=False)


def security(options: Mapping[str, str]) -> Security:
    """What the options mean.

    Names and values are those of librdkafka (docs.confluent.io, librdkafka configuration properties).

    Raises:
        UsageError: An option that decides on security is one that only librdkafka can follow, or a value is none.
    """
    _refuse_others(options)
    protocol = _one_of(options, "security.protocol", "PLAINTEXT", _PROTOCOLS)
    tls = _context(options) if protocol.endswith("SSL") else None
    if not protocol.startswith("SASL"):
        return Security(tls)
    name = "sasl.mechanisms" if "sasl.mechanisms" in options else "sasl.mechanism"
    mechanism = _one_of(options, name, "GSSAPI", _MECHANISMS)  # librdkafka's default, which is not among ours
    return Security(tls, mechanism, options.get("sasl.username", ""), options.get("sasl.password", ""))


def only_librdkafka(options: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the options that Faust's client does not follow; none of them decides on security."""
    return tuple(sorted(options.keys() - _UNDERSTOOD))


def _refuse_others(options: Mapping[str, str]) -> None:
    for name in sorted(options.keys() - _UNDERSTOOD):
        if name in _ELSEWHERE:
            raise UsageError(f"{name}: give the brokers by --brokers; Faust would not see this option")
        if name.startswith(_FAMILIES):
            raise UsageError(
                f"{name} is an option that `stream` cannot follow, for Faust's client has none like it; "
                f"it knows {', '.join(sorted(_UNDERSTOOD))}"
            )


def _one_of(options: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = options.get(name, default).upper()
    if value not in allowed:
        raise UsageError(f"{name}: `stream` can do {', '.join(allowed)}, not {value}")
    return value


def _context(options: Mapping[str, str]) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=options.get("ssl.ca.location"))
        if "ssl.certificate.location" in options:
            password = options.get("ssl.key.password")
            # A function in its place would be asked for a password that is not needed; without any, openssl asks a
            # person at the terminal.
            context.load_cert_chain(
                options["ssl.certificate.location"], options.get("ssl.key.location"), password or ""
            )
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"ssl.*: a certificate or a key cannot be used: {error}") from error
    if not _switch(options, "enable.ssl.certificate.verification"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    elif _one_of(options, "ssl.endpoint.identification.algorithm", "HTTPS", ("HTTPS", "NONE")) == "NONE":
        context.check_hostname = False
    return context


def _switch(options: Mapping[str, str], name: str) -> bool:
    value = options.get(name, "true").lower()
    if value not in _SWITCHES:
        raise UsageError(f"{name}: true or false, not {value}")
    return _SWITCHES[value]
