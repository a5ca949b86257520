"""What of a file is shown: places and keys, and no value that is a secret or may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.marked_yaml import Mark
from assaymark.policy.diagnostics import Diagnostics, SourceText, render
from assaymark.policy.masking import below_secrets, masked, moved, secret_spans

TOKEN = "sk-proj-" + "a1B2" * 8


def shown(text: str) -> str:
    """A file as its diagnostics show it."""
    lines = text.split("\n")
    below = below_secrets(lines)
    return "\n".join(
        masked(line, secret_spans(line, level)) for line, level in zip(lines, below, strict=True)
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("key: hunter2", "key: ***"),
        ("key: hunter2, horse # staple", "key: ***"),
        ("- {name: a, api_key: hunter2, models: [m]}", "- {name: a, api_key: ***, models: [m]}"),
        ("- {name: a, sha256: 'hunter2, horse', tenant: t}", "- {name: a, sha256: ***, tenant: t}"),
        ("{credentials: {env: 'jo:hunter2'}, weight: 2}", "{credentials: {env: ***}, weight: 2}"),
        ("keys: [hunter2, {name: a, colour: red}]", "keys: [***, {name: a, colour: red}]"),
        ("authorization: {x: hunter2, y: [horse]}", "authorization: {x: ***, y: [***]}"),
        ('{"key":"hunter2"}', '{"key":***}'),
        ("{key:hunter2, x: y}", "{key:***, x: y}"),
        ("password=hunter2", "password=***"),
        ("DB_PASSWORD: HUNTER2", "DB_PASSWORD: ***"),
        ("url: http://jo:hunter2@example.com/v1", "url: http://***@example.com/v1"),
        ("url: http://jo:hunt@r2@example.com/v1", "url: http://***@example.com/v1"),
        ("url: https://example.com/v1?k=hunter2&x=1", "url: https://example.com/v1?k=***&x=***"),
        ("x: Bearer hunter2", "x: Bearer ***"),
        (f"x: {TOKEN}", "x: ***"),
        (f"{TOKEN}: x", "***: x"),
        ("x: amk-hunter2hunter2", "x: ***"),
        ("x: $scrypt$ln=15,r=8,p=1$c2FsdA$aGFzaA", "x: ***"),
        ("x: /services/T00/aBcDeF1234567890aBcDeF12", "x: /services/T00/***"),
        ("key:\n  env: hunter2\nx: y", "key:\n  env: ***\nx: y"),
        ("key: >\n\n  hunter2\n  horse", "key: ***\n\n  ***\n  ***"),
        (
            "keys:\n- name: a\n  sha256:\n    hunter2\n- horse\nx: y",
            "keys:\n- name: a\n  sha256:\n    ***\n- ***\nx: y",
        ),
    ],
)
def test_what_is_masked(written: str, expected: str) -> None:
    """Values of keys that name a secret, all below them, users of addresses, and what looks like a token."""
    assert shown(written) == expected


@pytest.mark.parametrize(
    "text",
    [
        "key: {env: OPENAI_API_KEY}",
        "pseudonyms: {key: redaction.key, vault: vault.sqlite}",
        "log: {directory: decisions, key: 'keys/log.pem'}",
        "key: pkcs11:token=signing;object=log",
        f"keys: [{{name: a, sha256: {'ab' * 32}, tenant: '*'}}]",
        f"allow: [sha256:{'ab' * 32}]",
        "key_header: api-key",
        "vkey: example.org/log+8f13f9e4+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
        "models: [meta-llama/Llama-3.1-8B-Instruct]",
        "url: https://api.example.com/v1",
        "keys:\n- {name: a, publicKey: a.pub, roles: [auditor]}",
    ],
)
def test_what_says_where_a_secret_is(text: str) -> None:
    """Names of variables and files, and digests where digests stand, help whoever mends the file."""
    assert shown(text) == text


def test_nothing_of_it_is_in_a_diagnostic() -> None:
    """Neither in the line nor in the message, and what is underlined is its mask."""
    data = b"upstreams: [{key: hunter2, url: no}]\n"
    diagnostics = Diagnostics()
    report = diagnostics.reporter(SourceText.of("serve.yaml", data))
    report.error("wrong-kind", Mark(1, 19, 7), "expected a mapping, got `hunter2`", "not `hunter2`")
    report.error("bad-value", Mark(1, 33, 2), "`url`: expected an address")

    assert render(diagnostics.sorted()) == (
        "serve.yaml:1:19: error[wrong-kind]: expected a mapping, got `***`\n"
        "  |\n"
        "1 | upstreams: [{key: ***, url: no}]\n"
        "  |                   ^^^\n"
        "  = hint: not `***`\n"
        "\n"
        "serve.yaml:1:33: error[bad-value]: `url`: expected an address\n"
        "  |\n"
        "1 | upstreams: [{key: ***, url: no}]\n"
        "  |                             ^^"
    )
    assert "hunter2" not in repr(diagnostics.sorted())


LINES = st.text(alphabet="key:{}[],\"' -x@/?=\n", max_size=60)


@given(LINES, st.integers(0, 60))
def test_places_move_with_what_is_masked(text: str, at: int) -> None:
    """Whatever the file: spans are in order, what is not masked stays, and a place stays in its line."""
    for line, level in zip(text.split("\n"), below_secrets(text.split("\n")), strict=True):
        spans = secret_spans(line, level)
        ends = [0, *(each for span in spans for each in span), len(line)]

        assert ends == sorted(ends)
        assert 0 <= moved(min(at, len(line)), spans) <= len(masked(line, spans))
        kept = "".join(line[a:b] for a, b in zip(ends[::2], ends[1::2], strict=True))
        assert masked(line, spans).replace("***", "") == kept.replace("***", "")


@pytest.mark.parametrize("piece", ["key: x ", "://", "a@", "{key: ", "x?a=", "sk-", "'", "aB1-"])
def test_a_hostile_line_is_read_once(piece: str) -> None:
    """Its length is bounded by that of a file, and reading it ends."""
    line = piece * (200_000 // len(piece))

    assert len(masked(line, secret_spans(line))) >= 3
