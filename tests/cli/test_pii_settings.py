"""Settings of `pii` that cannot be used, and texts it cannot judge, as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

HEAD = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: p, version: 1.0.0, owner: o@example.org}
detectors:
"""
REQUIREMENTS = """
requirements:
  - id: h
    metric: pii.row-rate
    where: {entity: EMAIL_ADDRESS}
    on: dataset
    at_most: 0.1
    severity: low
    enforce: deny
"""
OWN = (
    "{{entities: [EMAIL_ADDRESS, TICKET], recognizers: [{{name: tickets, supported_entity: TICKET,"
    " context: [case], patterns: [{{name: t, score: 0.5, regex: '{}'}}]}}]}}"
)


def policy(folder: Path, pii: str) -> Path:
    """Write a policy with these settings."""
    path = folder / "policy.yaml"
    path.write_text(f"{HEAD}  pii: {pii}{REQUIREMENTS}")
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small file."""
    path = tmp_path / "d.jsonl"
    path.write_text('{"text": "by a@acme-mail.com"}\n{"text": "case "}\n')
    return path


@pytest.mark.parametrize("command", ["redact", "scan"])
@pytest.mark.parametrize(
    ("pii", "said"),
    [
        (
            "{entities: [EMAIL_ADRESS]}",
            "5:20: error[unknown-entity]: no recognizer finds `EMAIL_ADRESS`",
        ),
        (
            "{languages: [xx]}",
            "5:21: error[unknown-language]: no recognizer reads the language `xx`",
        ),
        (
            OWN.format("(a"),
            "5:157: error[bad-regex]: the pattern does not compile: missing ) at position 2",
        ),
    ],
    ids=["entity", "language", "pattern"],
)
def test_what_cannot_be_looked_for_is_refused(run, data, tmp_path, command, pii, said) -> None:
    """With its place in the policy, status 2, and no output."""
    path = policy(tmp_path, pii)
    before = {each.name for each in tmp_path.iterdir()}

    result = run(command, data, "-o", tmp_path / "o.jsonl", "--policy", path)

    assert result.status == 2
    assert f"{path}:{said}" in result.err.splitlines()
    assert {each.name for each in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    "words",
    [
        ("scan", "d.jsonl", "-o", "o.jsonl", "--policy", "policy.yaml"),
        ("redact", "d.jsonl", "-o", "o.jsonl", "--policy", "policy.yaml"),
        ("audit", "policy.yaml", "--dataset", "d.jsonl", "--out", "o"),
        ("audit", "policy.yaml", "--dataset", "d.jsonl", "--out", "o", "--workers", "2"),
    ],
    ids=["scan", "redact", "audit", "audit with workers"],
)
@pytest.mark.usefixtures("data")
def test_a_recognizer_of_the_policy_that_raises_is_refused(
    run, tmp_path, monkeypatch, words
) -> None:
    """Its pattern matches the blank behind the last word, where Presidio raises: named, and no output."""
    policy(tmp_path, OWN.format(r" $"))
    before = {each.name for each in tmp_path.iterdir()}
    monkeypatch.chdir(tmp_path)

    result = run(*words)

    assert result.status == 2
    assert result.err.splitlines()[-2:] == [
        "error: the policy's recognizer `tickets` raised ValueError on a text",
        "hint: mend its patterns, or take it out; one that matches blanks alone raises where a text ends",
    ]
    assert {each.name for each in tmp_path.iterdir()} == before


def test_where_a_recognizer_of_presidio_raises_the_text_is_not_judged(
    run, data, tmp_path, monkeypatch
) -> None:
    """What others wrote and this text cannot stand: scanned so, and withheld by `redact`."""
    import tldextract

    asked = tldextract.TLDExtract.__call__

    def raising(self: object, url: str, *others: object) -> object:
        if "odd" in url:
            raise ValueError(url)
        return asked(self, url, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(tldextract.TLDExtract, "__call__", raising)
    data.write_text('{"text": "by a@acme-mail.com"}\n{"text": "by b@odd-mail.com"}\n')
    path = policy(tmp_path, "{entities: [EMAIL_ADDRESS]}")
    out, redacted = tmp_path / "o.jsonl", tmp_path / "r.jsonl"

    scanned = run("scan", data, "-o", out, "--policy", path)
    made = run("redact", data, "-o", redacted, "--policy", path)

    _, second = map(json.loads, out.read_text().splitlines())
    assert (scanned.status, second["spans"]) == (0, [])
    assert second["unjudged"] == {"pii": "a recognizer raised ValueError"}
    assert made.status == 0
    assert (
        "withheld             1  `pii` could not judge it: a recognizer raised ValueError\n"
        in made.out
    )
    assert "odd" not in redacted.read_text()


def test_doctor_names_the_patterns_of_a_policy_that_are_slow(run, tmp_path) -> None:
    """Those that no prefilter stands for; without the policy there are none."""
    path = policy(tmp_path, OWN.format("(a(?1)?b)c"))

    with_policy = run("doctor", "--policy", path)
    without = run("doctor")

    slow = "; the pattern `t` of `tickets` has to be run on every text\n"
    assert (with_policy.status, without.status) == (0, 0)
    assert slow in with_policy.out
    assert slow not in without.out


def test_doctor_refuses_a_policy_that_cannot_be_used(run, tmp_path) -> None:
    """As every other command does."""
    path = policy(tmp_path, "{languages: [xx]}")

    result = run("doctor", "--policy", path)

    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"{path}:5:21: error[unknown-language]")
