"""Whatever a file is called: it begins no line of what a command tells, and steers no terminal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest

from assaymark.cli.main import root
from assaymark.cli.show import harmless, one_line
from cli.chain import Clock, Run
from cli.conftest import Result

BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""What `str.splitlines` takes for the end of a line; terminals and log viewers know some of them."""

BAD = "x" + "".join(f"{each}FORGED admitted" for each in BREAKS) + "\x1b[2J\u202e"

NAMELESS = {
    "checks list",
    "checks show",
    "completion",
    "doctor",
    "guard key",
    "manifest schema",
    "policy schema",
}
"""Commands that are given no name and find none."""


def commands(group: click.Group = root, before: str = "") -> Iterator[str]:
    """All commands that there are."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from commands(found, f"{before}{name} ")
        else:
            yield before + name


@pytest.fixture
def bad(desk: Path) -> Path:
    """Everything of the desk in a folder with a bad name."""
    folder = desk / BAD
    held = [each for each in desk.iterdir() if each.name != "state"]
    folder.mkdir()
    for each in held:
        copy = shutil.copytree if each.is_dir() else shutil.copy
        copy(each, folder / each.name)
    return folder


@dataclass
class Teller:
    """Runs commands over bad names, and keeps what they told."""

    run: Run
    bad: Path
    clock: Clock
    told: dict[str, list[Result]] = field(default_factory=dict)

    def tell(self, command: str, *words: object, ends: int = 0) -> Result:
        """Run a command that ends so."""
        result = self.run(*command.split(), *words)
        assert result.status == ends, (command, result)
        self.told.setdefault(command, []).append(result)
        return result

    def refuse(self, command: str, *words: object) -> None:
        """Run a command that cannot do as it is told."""
        self.tell(command, *words, ends=2)

    def audits(self) -> None:
        """Reports and what bears on them."""
        bad, clock, none = self.bad, self.clock, self.bad / "none"
        report, key = bad / "out", ("--key", bad / "auditor.pem")
        trust, subject = ("--trust", bad / "trust.yaml"), ("--subject", bad / "d.jsonl")
        audit = ("--dataset", bad / "d.jsonl", "--timestamp", clock.url, "--log", bad / "log")
        self.tell(
            "audit",
            bad / "policy.yaml",
            *audit,
            "--out",
            report,
            *key,
            "--log-key",
            bad / "log.pem",
        )
        self.refuse("audit", bad / "policy.yaml", "--dataset", none, "--out", bad / "other")
        self.refuse("audit", none, "--dataset", bad / "d.jsonl", "--out", bad / "other")
        self.tell("sign-off", report, *trust, "--key", bad / "reviewer.pem")
        (approval,) = (report / "approvals").iterdir()
        approval.rename(approval.with_name(f"{BAD}.sigstore.json"))
        self.refuse("sign-off", none, *trust, *key)
        self.tell("gate", report, *trust, *subject, "--log", bad / "log", "--explain", ends=1)
        self.tell("gate", report, *trust, "--subject", bad, "--explain", ends=1)
        self.refuse("gate", report, "--trust", none, *subject)
        self.refuse("gate", report, *trust, "--subject", none)
        self.refuse("gate", report, *trust, *subject, "--log", bad)
        self.tell("verify", report, "--key", bad / "auditor.pem.pub", "--explain")
        self.tell("verify", bad / "d.jsonl", "--key", bad / "auditor.pem.pub", ends=4)
        self.refuse("verify", none, "--key", bad / "auditor.pem.pub")
        self.tell(
            "revoke",
            *subject,
            *trust,
            *key,
            "--reason",
            "wrong",
            "--by",
            "us",
            "-o",
            bad / "r.json",
        )
        self.refuse(
            "revoke", *subject, *trust, *key, "--reason", "wrong", "--by", BAD, "-o", bad / "s.json"
        )
        self.tell("timestamp", report, "--request", bad / "request")
        self.tell("timestamp", report, "--url", clock.url)
        self.refuse("timestamp", none, "--url", clock.url)

    def logs(self) -> None:
        """Logs and witnesses."""
        bad, none, report = self.bad, self.bad / "none", self.bad / "out"
        log_key, trust = ("--key", bad / "log.pem"), ("--trust", bad / "trust.yaml")
        vkey = ("--log-vkey", bad / "log.vkey")
        self.tell("log new", bad / "second", "--origin", "example.com/second", *log_key)
        self.refuse("log new", bad / "second", "--origin", "example.com/second", *log_key)
        self.tell("log add", bad / "log", report, *log_key, *trust)
        self.refuse("log add", none, report, *log_key, *trust)
        self.tell("log verify", bad / "log", *vkey)
        self.refuse("log verify", none, *vkey)
        self.tell("log prove", bad / "log", report, *vkey, *trust)
        self.refuse("log prove", bad / "log", none, *vkey, *trust)
        watch = ("--name", "example.com/w", "--key", bad / "witness.pem", "--state", bad / "watch")
        line = self.tell("log witness", bad / "log", *vkey, *watch, "--print")
        self.refuse("log witness", none, *vkey, *watch)
        (bad / "line").write_text(line.out)
        (bad / "w.vkey").write_text(
            self.run(
                "keys",
                "show",
                bad / "witness.pem",
                "--witness",
                "--vkey",
                "example.com/w",
                "--json",
            ).json["vkey"]
        )
        self.tell("log cosign", bad / "log", bad / "line", *vkey, "--witness", bad / "w.vkey")
        self.refuse("log cosign", none, bad / "line", *vkey, "--witness", bad / "w.vkey")
        self.tell("log new", bad / "decisions", "--origin", "example.com/d", *log_key)
        self.tell("log search", bad / "decisions", *vkey, ends=4)
        self.refuse("log search", none, *vkey)
        self.refuse("guard replay", none, "--policy", bad / "policy.yaml", *vkey)
        self.refuse("guard replay", bad / "decisions", "--policy", bad / "policy.yaml", *vkey)

    def keys_and_waivers(self) -> None:
        """Keys and exceptions."""
        bad, none, key = self.bad, self.bad / "none", ("--key", self.bad / "auditor.pem")
        self.tell("keys new", bad / "new.pem", "--no-passphrase")
        self.refuse("keys new", bad / "new.pem", "--no-passphrase")
        self.tell("keys show", bad / "new.pem", "-o", bad / "copy.pub")
        self.refuse("keys show", none)
        (bad / "waivers").mkdir()
        grant = (
            "--requirement",
            "enough",
            "--subject",
            "sha256:" + "0" * 64,
            "--reason",
            "few rows",
        )
        waiver = bad / "waivers" / f"{BAD}.json"
        self.tell("waiver grant", *grant, "--expires", "30d", *key, "-o", waiver)
        self.refuse("waiver grant", *grant, "--expires", BAD, *key, "-o", bad / "w2.json")
        self.tell("waiver list", bad / "waivers")
        self.refuse("waiver list", none)
        self.tell("waiver verify", waiver, "--key", bad / "auditor.pem.pub")
        self.refuse("waiver verify", none, "--key", bad / "auditor.pem.pub")

    def redactions(self) -> None:
        """Files that are redacted and restored, and the vault."""
        bad, none = self.bad, self.bad / "none"
        key, vault = ("--key", bad / "redaction.key"), ("--vault", bad / "vault")
        pseudonym = ("--mode", "pseudonym", *vault, "--detectors", "secrets")
        out = bad / "redacted.jsonl"
        self.tell("vault key", "-o", bad / "redaction.key")
        self.refuse("vault key", "-o", bad / "redaction.key")
        self.tell("redact", bad / "d.jsonl", "-o", out, *key, *pseudonym, "--verify")
        self.refuse("redact", bad / "d.jsonl", "-o", out, *key, *pseudonym)
        self.refuse("redact", none, "-o", bad / "redacted2.jsonl", *key, *pseudonym)
        self.tell("restore", out, "-o", bad / "restored.jsonl", *key, *vault)
        self.refuse("restore", out, "-o", bad / "restored2.jsonl", *key, "--changes", none)
        self.tell("vault show", bad / "vault", *key)
        self.tell("vault show", bad / "vault", *key, "--everywhere")
        for command in ("vault show", "vault purge", "vault erase"):
            self.refuse(command, none, *key)
            self.refuse(command, bad / "vault", "--key", none)

    def everything_else(self) -> None:
        """Policies, trust files, and what writes folders."""
        bad, none, report = self.bad, self.bad / "none", self.bad / "out"
        self.tell("policy check", bad / "policy.yaml")
        (bad / "wrong.yaml").write_text("apiVersion: no\n")
        self.refuse("policy check", bad / "wrong.yaml")
        self.refuse("policy check", none)
        self.tell("policy test", bad / "policy.yaml", ends=3)
        self.refuse("policy test", none)
        self.tell("policy explain", bad / "policy.yaml")
        self.refuse("policy explain", none)
        self.tell(
            "policy sign",
            bad / "policy.yaml",
            "--key",
            bad / "author.pem",
            "-o",
            bad / "release.json",
        )
        self.refuse("policy sign", none, "--key", bad / "author.pem", "-o", bad / "release2.json")
        self.tell("policy diff", bad / "policy.yaml", bad / "policy.yaml")
        self.refuse("policy diff", bad / "policy.yaml", none)
        self.tell("policy replay", report, "--policy", bad / "policy.yaml")
        self.refuse("policy replay", none, "--policy", bad / "policy.yaml")
        self.tell("trust show", bad / "trust.yaml")
        self.refuse("trust show", none)
        self.tell("trust check", bad / "trust.yaml")
        self.refuse("trust check", bad / "wrong.yaml")
        self.tell("trust export", bad / "trust.yaml", "-o", bad / "root.json")
        self.refuse("trust export", none, "-o", bad / "root2.json")
        (bad / "signed.yaml").write_text(
            (bad / "trust.yaml")
            .read_text()
            .replace("[policy-author]", "[policy-author, trust-author]")
        )
        self.tell("trust sign", bad / "signed.yaml", "--key", bad / "author.pem")
        self.refuse("trust sign", none, "--key", bad / "author.pem")
        self.tell("scan", bad / "d.jsonl", "-o", bad / "scanned.jsonl", "--detectors", "secrets")
        self.refuse("guard serve", none, "--check")
        self.refuse("guard serve", bad / "wrong.yaml", "--check")
        self.refuse("scan", none, "-o", bad / "scanned2.jsonl", "--detectors", "secrets")
        self.refuse("manifest show", none)
        self.tell("export", report, "-o", bad / "bill.json")
        self.tell("export", report, "--as", "spdx", "-o", bad / "bill.spdx.json")
        self.tell("export", report, "--as", "croissant", "-o", bad / "croissant.json")
        self.tell("export", report, "--as", "datasheet", "-o", bad / "sheet.md")
        self.tell("export", report, "--as", "training-summary", "-o", bad / "summary.docx")
        self.refuse("export", none, "-o", bad / "bill2.json")
        (bad / "manifest.yaml").write_text("kind: Manifest\nlicence: MIT\n")
        self.tell("manifest show", bad / "manifest.yaml")
        self.tell("diff", bad / "d.jsonl", bad / "d.jsonl", "--detectors", "none")
        self.refuse("diff", bad / "d.jsonl", none)
        self.tell("init", bad / "started")
        self.refuse("init", bad / "started")
        self.refuse("new check", "overlong-text", "--family", "health", "--root", bad)
        self.refuse("new check", BAD, "--family", "health", "--root", bad)


def test_a_name_stays_on_its_line(bad: Path, run: Run, clock: Clock) -> None:
    """Every command, where it succeeds and where it does not, as text; as JSON names stay what they are."""
    teller = Teller(run, bad, clock)
    teller.audits()
    teller.logs()
    teller.keys_and_waivers()
    teller.redactions()
    teller.everything_else()
    told = teller.told
    as_json = run(
        *("gate", bad / "out", "--trust", bad / "trust.yaml", "--subject", bad / "d.jsonl"),
        *("--log", bad / "log", "--json"),
    )

    assert set(told) | NAMELESS == set(commands())
    for command, results in told.items():
        text = "".join(each.out + each.err for each in results)
        assert not [each for each in text.splitlines() if each.startswith("FORGED")], command
        assert not set(text) & {"\x1b", "\u202e"}, command
    silent = {
        name for name, of in told.items() if not any("FORGED" in each.out + each.err for each in of)
    }
    assert silent == set()

    assert any(
        json.loads(as_json.out)["lines"][at]["about"].startswith(str(bad)) for at in range(3)
    )
    assert len(as_json.out.splitlines()) == len(as_json.out.split("\n")) - 1


def test_a_line_is_one_line() -> None:
    """Every character that ends a line somewhere is replaced; a page keeps its line feeds only."""
    assert one_line(f"a{BREAKS}b\tc") == "a" + "\ufffd" * len(BREAKS) + "b\ufffdc"
    assert harmless(f"a{BREAKS}b") == "a\n" + "\ufffd" * (len(BREAKS) - 1) + "b"
