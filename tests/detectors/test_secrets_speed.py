"""No text makes the `secrets` rules slow."""

from __future__ import annotations

import pytest

from assaymark.detectors.secrets.detector import RULES, SecretsDetector
from assaymark.detectors.secrets.settings import SecretsSettings

from .conftest import ask

DETECTOR = SecretsDetector(SecretsSettings())

# What patterns of this kind stumble over: runs, nearly finished matches, and starts without an end.
UNITS = [
    *(
        "1",
        "1234567890",
        "@",
        "a.a.a.",
        "=",
        "a=",
        "-",
        " ",
        "\n",
        "'\"",
        "deadbeef",
        "QUJD/+",
        "\\n",
    ),
    *("://", "a://b:c", "http://a:b@", "-----BEGIN RSA PRIVATE KEY-----", '"kty" "d":"', "eyJa."),
    *("eyJhbGciOiJ.", "password=", "password: ", "<password ", "token", "host=b;c=d;", "api_key"),
    *("identified with a ", "'x_password',", "bearer ", "basic ", "sig=", "aws a1B2c3D4e5"),
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_a_million_characters(unit: str) -> None:
    """Linear work is a fraction of a second here; quadratic work would not end."""
    text = (unit * (1_000_000 // len(unit) + 1))[:1_000_000]

    assert ask(DETECTOR, text).unjudged == {}


@pytest.mark.timeout(60)
def test_every_literal_over_and_over() -> None:
    """A rule fed nothing but its own beginning, and the same with filling that it may repeat."""
    literals = sorted({each for rule in RULES for each in rule.literals})
    texts = [(each + filling) * 3000 for each in literals for filling in ("", "A1b2C3d4")]

    assert ask(DETECTOR, *texts).unjudged == {}
