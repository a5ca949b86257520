"""`guard serve --check`: what serving would end with is said, and nothing is written."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from assaymark.attest.tlog.cosigning import LOCK
from assaymark.attest.tlog.durable import lock
from attest.tlog.conftest import scratch
from cli.conftest import run
from guard.life.policies import REDACTS, written
from guard.proxy.test_server import certificates

from .conftest import folder

__all__ = ["folder", "run", "scratch"]

SERVE = """\
apiVersion: assaymark/v1
kind: Serve
policy: policy.yaml
upstreams: [{url: "http://127.0.0.1:1/v1"}]
"""
NO_GUARD = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: bot, version: 1.0.0, owner: bot@example.org}
requirements:
  - {id: enough, metric: records.count, at_least: 1, on: dataset}
"""
NEEDS_KEY = (
    "error: `pseudonym.yaml`: a rule says `with: pseudonym`, which needs a key\n"
    "hint: make one with `assaymark vault key -o redaction.key`; a server gets it by the key `pseudonyms` "
    "of its settings, `{key: redaction.key, vault: vault.sqlite}`\n"
)


@pytest.fixture
def check(folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask whether a server with more settings would serve."""
    monkeypatch.chdir(folder)
    written(folder / "policy.yaml", REDACTS)
    written(folder / "pseudonym.yaml", "input: [{detector: pii, do: redact, with: pseudonym}]")
    (folder / "noguard.yaml").write_text(NO_GUARD)

    def check(more: str) -> Any:
        (folder / "serve.yaml").write_text(SERVE + more)
        return run("guard", "serve", "serve.yaml", "--check")

    return check


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            "listen: {certificate: nope.crt, private_key: nope.key}",
            "the certificate `nope.crt`, or what belongs to it, cannot be used",
        ),
        ("log: {directory: nolog, key: log.pem}", "`nolog` is not a log: it has no checkpoint"),
        ("log: {directory: decisions, key: nokey.pem}", "`nokey.pem`"),
        ("log: {directory: decisions, key: log.pem, digest_key: nodigest}", "`nodigest`"),
        (
            "log: {directory: decisions, key: log.pem, state: policy.yaml}",
            "the folder of `state`, `policy.yaml`, cannot be made or written to",
        ),
        ("tenants: {a: {policy: nope.yaml}}", "nope.yaml"),
        (
            "canary: {policy: noguard.yaml, share: 0.1}",
            "`noguard.yaml`: the policy `bot` says nothing about run time",
        ),
        (
            "shadows: [{policy: noguard.yaml}]",
            "`noguard.yaml`: the policy `bot` says nothing about run time",
        ),
        (
            "tenants: {a: {policy: noguard.yaml}}",
            "`noguard.yaml`: the policy `bot` says nothing about run time",
        ),
        ("tenants: {a: {policy: pseudonym.yaml}}", NEEDS_KEY),
        ("apis: [chat-completions]", "no API that is served is called `chat-completions`"),
        ("alerts: {drift: {margin: 0.1}}", "drift is measured against a report, and none is given"),
    ],
)
def test_what_serving_would_end_with(check: Any, more: str, message: str) -> None:
    """The same refusal as without `--check`."""
    result = check(more)

    assert (result.status, result.out) == (2, "")
    assert message in result.err


def test_what_would_be_served(check: Any, folder: Path) -> None:
    """With everything in its place it would be, and no file is made or changed by asking."""
    certificates(folder)
    log = "log: {directory: decisions, key: log.pem, state: state/deep}\n"
    more = "listen: {certificate: cert.pem, private_key: key.pem}\n"
    before = contents(folder)

    result = check(log + more)

    after = contents(folder)
    del after["serve.yaml"]
    assert (result.status, result.out[:24]) == (0, "would serve policy sha25"), result.err
    assert after == before


def test_what_another_process_holds(check: Any, folder: Path) -> None:
    """It is said, with what to do; the mistake may be nobody's, since a server is replaced by its like."""
    log = "log: {directory: decisions, key: log.pem}\n"
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        lock(folder / "decisions" / LOCK, timeout=0),
    ):
        port = taken.getsockname()[1]
        both = check(f"{log}listen: {{port: {port}}}\n")
    neither = check(f"{log}listen: {{port: {port}}}\n")

    assert (both.status, neither.status) == (0, 0)
    assert both.out.partition("\n")[2] == (
        f"but not now: cannot listen on `127.0.0.1` port {port}: address already in use; stop what listens "
        "there, or set another `port` under `listen`\n"
        "but not now: another process holds `decisions/lock`; stop the server that writes to it, or name "
        "another `directory` under `log`\n"
    )
    assert neither.out.splitlines()[1:] == []


def test_an_address_that_is_not_here(check: Any) -> None:
    """It can never be listened on, so it is a mistake."""
    result = check("listen: {host: 127.0.0.1.2}\nkeys: [{name: a, sha256: '%s'}]\n" % ("0" * 64))

    assert result.status == 2
    assert "cannot listen on `127.0.0.1.2` port 8787: no such address" in result.err


def contents(folder: Path) -> dict[str, bytes]:
    """Every file, by name."""
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }


def test_mistakes_keep_their_lines(check: Any) -> None:
    """An excerpt stays a page, keys that exist are offered, and what the file holds steers no terminal."""
    result = check("listn: {port: 1}\nzzzzzz: 1 # \u202ered\n")

    assert result.status == 2
    assert result.err.startswith(
        "serve.yaml:5:1: error[unknown-key]: unknown key `listn`\n"
        "  |\n"
        "5 | listn: {port: 1}\n"
        "  | ^^^^^\n"
        "  = hint: did you mean `listen`?\n"
    )
    assert "\u202e" not in result.err
    assert "6 | zzzzzz: 1 # \ufffdred\n" in result.err
    for each in ("keys", "apis", "shadows"):
        assert f"`{each}`" in result.err.partition("known here: ")[2]
