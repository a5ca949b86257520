"""
Secrets that prove themselves by their structure: keys in PEM or DER, web tokens, addresses with passwords.

Whatever can be decoded is decoded: a web token must have a header that names an algorithm, a key must
hold the first fields of a key, a basic authorization must hold a colon.
"""

from __future__ import annotations

import re

from assaymark.detectors.secrets.evidence import (
    decode_base64,
    decode_json,
    entropy,
    has_letter_and_digit,
    is_hexadecimal,
    is_monotonous,
    is_placeholder,
)
from assaymark.detectors.secrets.rule import Rule, Weigh

_DATABASES = (
    *("postgres", "postgresql", "mysql", "mariadb", "mongodb", "redis", "rediss", "valkey"),
    *("amqp", "amqps", "mssql", "sqlserver", "oracle", "cockroachdb", "clickhouse", "cassandra"),
    *("couchdb", "neo4j", "bolt", "kafka", "nats", "snowflake", "redshift", "influxdb", "pulsar"),
)

# One line of base 64 as keys are wrapped; prose and placeholders have no such run.
_KEY_LINE = re.compile(r"[A-Za-z0-9+/]{32}")
_ENCRYPTED = re.compile(r"ENCRYPTED")
# SEQUENCE { INTEGER 0 or 1, then INTEGER, SEQUENCE or OCTET STRING }: PKCS #1, PKCS #8 and SEC 1 keys.
# Certificates and public keys start with another type.
_DER_KEY = re.compile(
    rb"\x30(?:\x82..|\x81.|[\x00-\x7f])\x02\x01[\x00\x01][\x02\x30\x04]", re.DOTALL
)
_SIGNED_URL = re.compile(r"\bsv=20\d\d-\d\d-\d\d")

# Bits per character: English prose of this length stays below the first, a random key above the second.
_WORDY, _RANDOM = 3.0, 4.0

_AWS_NAME = re.compile(r"(?i)aws|secret.?access.?key|secret.?key")
_AWS_ID = re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{16}")


def _weigh_pem(match: re.Match[str]) -> float | None:
    line = _KEY_LINE.search(match["body"])
    if line is None or is_monotonous(line[0]):
        return None
    # An encrypted key is of use only with its passphrase, which is often near.
    return 0.8 if _ENCRYPTED.search(match[0]) else 0.95


def _weigh_encoded_pem(match: re.Match[str]) -> float | None:
    decoded = decode_base64(match[0])
    return 0.95 if decoded is not None and b"PRIVATE KEY" in decoded else None


def _weigh_der(match: re.Match[str]) -> float | None:
    decoded = decode_base64(match[0][:64])
    return 0.9 if decoded is not None and _DER_KEY.match(decoded) else None


def _weigh_jwk(match: re.Match[str]) -> float | None:
    window = match.string[max(0, match.start() - 2000) : match.end() + 2000]
    if '"kty"' not in window or is_monotonous(match["secret"]):
        return None
    return 0.9


def _weigh_jwt(match: re.Match[str]) -> float | None:
    header = decode_json(match["header"])
    if header is None or not isinstance(header.get("alg"), str):
        return None
    return 0.95 if match["signature"] else 0.7


def _weigh_bearer(match: re.Match[str]) -> float | None:
    token = match["secret"]
    if is_placeholder(token) or not has_letter_and_digit(token) or entropy(token) < _WORDY:
        return None
    return 0.7


def _weigh_basic(match: re.Match[str]) -> float | None:
    decoded = decode_base64(match["secret"])
    if decoded is None or not decoded.isascii():
        return None
    user, colon, password = decoded.decode("ascii").partition(":")
    if not (user and colon and password and (user + password).isprintable()):
        return None
    return 0.9


def _weigh_address(*, database: bool) -> Weigh:
    def weigh(match: re.Match[str]) -> float | None:
        # SQLAlchemy writes the driver into the scheme, MongoDB the way to find the host.
        scheme = match["scheme"].lower().partition("+")[0]
        password = match["password"]
        if (scheme in _DATABASES) is not database or is_placeholder(password):
            return None
        return 0.9

    return weigh


def _weigh_settings(match: re.Match[str]) -> float | None:
    return None if is_placeholder(match["password"]) else 0.85


def _weigh_azure(match: re.Match[str]) -> float | None:
    return None if is_monotonous(match["secret"]) else 0.95


def _weigh_signed_url(match: re.Match[str]) -> float | None:
    window = match.string[max(0, match.start() - 600) : match.end() + 600]
    return 0.9 if _SIGNED_URL.search(window) else None


def _weigh_aws_secret(match: re.Match[str]) -> float | None:
    secret = match["secret"]
    mixed = any(each.islower() for each in secret) and any(each.isupper() for each in secret)
    if (
        not mixed
        or not has_letter_and_digit(secret)
        or is_hexadecimal(secret)
        or entropy(secret) < _RANDOM
    ):
        return None
    text = match.string
    if _AWS_NAME.search(text[max(0, match.start() - 60) : match.start()]):
        return 0.9
    near = text[max(0, match.start() - 200) : match.end() + 200]
    return 0.8 if _AWS_ID.search(near) else None


def _rule(
    entity: str, pattern: str, weigh: Weigh, literals: tuple[str, ...], *, fold: bool = False
) -> Rule:
    return Rule(
        entity=entity,
        literals=literals,
        pattern=re.compile(pattern, re.ASCII),
        weigh=weigh,
        fold=fold,
    )


_HEADER = r"-{4,5} ?BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)? ?-{4,5}"
_ADDRESS = (
    r"(?<![A-Za-z0-9+.\-])(?:jdbc:)?(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]{1,30})://"
    r"(?P<user>[^\s:/?#\"'<>`\\]{0,128}):(?P<password>[^\s/?#@\"'<>`\\]{1,256})@"
)

STRUCTURES: tuple[Rule, ...] = (
    _rule(
        "PRIVATE_KEY",
        # The body stops at the next five hyphens, so a header that is never closed costs its own length.
        _HEADER + r"(?P<body>(?:[^-]|-(?!----)){40,32768}+)-{4,5} ?END [A-Z0-9 ]{1,60}-{4,5}",
        _weigh_pem,
        ("PRIVATE KEY",),
    ),
    _rule(
        "PRIVATE_KEY",
        _HEADER + r"(?P<body>(?:[\s\\nr\"'+,>|]{0,12}+[A-Za-z0-9+/=]{16,80}+){1,400}+)",
        _weigh_pem,
        ("PRIVATE KEY",),
    ),
    _rule(
        "PRIVATE_KEY",
        r"(?<![A-Za-z0-9+/])LS0tLS1CRUdJTi[A-Za-z0-9+/]{100,40000}+={0,2}",
        _weigh_encoded_pem,
        ("LS0tLS1CRUdJTi",),
    ),
    _rule(
        "PRIVATE_KEY",
        r"(?<![A-Za-z0-9+/=])M(?:II|IG|HcCAQEE)[A-Za-z0-9+/]{60,20000}+={0,2}",
        _weigh_der,
        ("MII", "MIG", "MHcCAQEE"),
    ),
    _rule(
        "PRIVATE_KEY",
        r"(?<![A-Za-z0-9])AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}(?![A-Za-z0-9])",
        lambda _: 0.95,
        ("AGE-SECRET-KEY-1",),
    ),
    _rule(
        "PRIVATE_KEY",
        r"\"[dk]\"\s{0,4}:\s{0,4}\"(?P<secret>[A-Za-z0-9_\-]{20,2000}+)=?\"",
        _weigh_jwk,
        ('"kty"',),
    ),
    _rule(
        "JWT",
        r"(?<![A-Za-z0-9_\-])(?P<header>eyJ[A-Za-z0-9_\-]{10,4000}+)\.[A-Za-z0-9_\-]{4,16000}+"
        r"\.(?P<signature>[A-Za-z0-9_\-]{0,4000}+)",
        _weigh_jwt,
        ("eyJ",),
    ),
    _rule(
        "SERVICE_TOKEN",
        # Grafana's older keys: base 64 of an object with the key under `k`.
        r"(?<![A-Za-z0-9_\-+/])eyJrIjoi[A-Za-z0-9+/]{40,400}+={0,2}",
        lambda match: 0.9 if "k" in (decode_json(match[0]) or {}) else None,
        ("eyJrIjoi",),
    ),
    _rule(
        "CONNECTION_STRING",
        _ADDRESS + r"[^\s\"'<>`\\,;)]{0,512}+",
        _weigh_address(database=True),
        ("://",),
    ),
    _rule(
        "URL_CREDENTIALS",
        _ADDRESS + r"[A-Za-z0-9\[.\-:\]]{1,255}+",
        _weigh_address(database=False),
        ("://",),
    ),
    _rule(
        "CONNECTION_STRING",
        r"(?i)(?<![A-Za-z])(?:server|data source|host|address|endpoint)\s{0,2}=[^;=\n\"']{1,200};"
        r"(?:[^;=\n\"']{1,64}=[^;\n\"']{0,200};){0,10}?"
        r"\s{0,4}(?:password|pwd)\s{0,2}=\s{0,2}(?P<password>[^;\s\"'<>]{4,256}+)",
        _weigh_settings,
        ("password", "pwd"),
        fold=True,
    ),
    _rule(
        "AZURE_KEY",
        r"(?:AccountKey|SharedAccessKey)\s{0,2}=\s{0,2}(?P<secret>[A-Za-z0-9+/]{43}(?:[A-Za-z0-9+/]{43}=)?=)",
        _weigh_azure,
        ("AccountKey", "SharedAccessKey"),
    ),
    _rule(
        "AZURE_SAS",
        r"(?<![A-Za-z0-9_])sig=(?P<secret>[A-Za-z0-9%+/]{40,120}+=?)",
        _weigh_signed_url,
        ("sig=",),
    ),
    _rule(
        "AWS_SECRET_KEY",
        r"(?<![A-Za-z0-9/+=_.\-])(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=_\-])",
        _weigh_aws_secret,
        ("aws", "secret", "akia", "asia"),
        fold=True,
    ),
    _rule(
        "BEARER_TOKEN",
        r"(?i)\bbearer\s{1,4}(?P<secret>[A-Za-z0-9\-._~+/]{20,2000}+={0,2})",
        _weigh_bearer,
        ("bearer",),
        fold=True,
    ),
    _rule(
        "BASIC_AUTH",
        r"(?i)\bbasic\s{1,4}(?P<secret>[A-Za-z0-9+/]{8,500}+={0,2})",
        _weigh_basic,
        ("basic",),
        fold=True,
    ),
)
