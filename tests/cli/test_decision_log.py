"""Decision logs on the command line: verify, search, prove, and decide again, as a user runs it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assaymark.attest.tlog.directory import LogDirectory
from assaymark.guard import Verdict
from assaymark.guard.decisions.log import DecisionLog
from assaymark.guard.decisions.recorder import Recorder
from assaymark.guard.serving import Decision
from assaymark.policy.load import load_policy
from attest.tlog.logs import make_entries
from cli.conftest import Result
from guard.conftest import installed
from guard.decisions.decided import NOW, ORIGIN, SIGNER, decision, finding, key
from guard.life.policies import BLOCKS, PROMPT, REDACTS, written

Run = Callable[..., Result]


@contextmanager
def writing(root: Path, **options: Any) -> Iterator[Recorder]:
    """A server at work on the log."""
    with DecisionLog.open(root, SIGNER, **options) as log:
        yield Recorder(log, now=lambda: NOW)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log with a few decisions and an event."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "decisions"
    LogDirectory.create(root, ORIGIN, SIGNER)
    (tmp_path / "log.vkey").write_text(key().vkey)
    entries = [
        decision(0),
        decision(1, verdict=Verdict.BLOCK, findings=(finding(action="block", entity="US_SSN"),)),
        decision(2, verdict=Verdict.ALLOW, findings=(), time=NOW + timedelta(days=1), tenant="b"),
    ]

    async def record(recorder: Recorder, decisions: list[Decision]) -> None:
        for each in decisions:
            await recorder.record(each)

    with writing(root) as recorder:
        recorder.note("policy-loaded", {"name": "bot", "digest": "a" * 64})
        asyncio.run(record(recorder, entries))
    return root


@pytest.fixture
def vkey() -> tuple[str, ...]:
    """The option that names the key of the log."""
    return ("--log-vkey", "log.vkey")


def test_verifying(log: Path, run: Run, vkey: tuple[str, ...]) -> None:
    """The log holds, and how many decisions of which kind there are."""
    plain = run("log", "verify", log, *vkey)
    counted = run("log", "verify", log, *vkey, "--decisions-only")
    data = run("log", "verify", log, *vkey, "--decisions-only", "--json").json

    assert plain.status == counted.status == 0
    assert "decisions  " not in plain.out
    assert counted.out.endswith(
        "before     not compared; `--state DIR` remembers what was seen\n"
        "decisions  3 (allow 1, block 1, redact 1)\n"
        "events     1\n"
    )
    assert data["decisions"] == {
        "decisions": 3,
        "verdicts": {"allow": 1, "block": 1, "redact": 1},
        "open": [],
        "shadows": 0,
        "events": 1,
        "unlogged": 0,
        "refused": 0,
    }
    assert data["journal"] == {"entries": 0, "tornBytes": 0}


def test_streams_that_have_no_end(log: Path, run: Run, vkey: tuple[str, ...]) -> None:
    """What began to leave and was never decided is counted, and found by its kind."""

    async def requests(recorder: Recorder) -> None:
        for each in (decision(3), decision(4)):
            await recorder.begin(each)
        await recorder.record(decision(4))

    with writing(log) as recorder:
        asyncio.run(requests(recorder))
    counted = run("log", "verify", log, *vkey, "--decisions-only")
    data = run("log", "verify", log, *vkey, "--decisions-only", "--json").json
    found = run("log", "search", log, *vkey, "--kind", "begun", "--api", "chat.completions")
    whole = run("log", "search", log, *vkey, "--kind", "begun", "--request", "req-3", "--json").json
    none = run("log", "search", log, *vkey, "--kind", "begun", "--entity", "US_SSN")

    told = "decisions  4 (allow 1, block 1, redact 2)\nopen       1 stream without a decision\n"
    assert told in counted.out
    assert data["decisions"]["open"] == ["req-3"]
    assert found.out == (
        "4  2026-06-01T12:00:00.250000Z  redact  req-3  acme  chat.completions  begun\n"
        "5  2026-06-01T12:00:00.250000Z  redact  req-4  acme  chat.completions  begun\n"
        "2 of 7 entries fit, all of them above\n"
    )
    assert [each["entry"]["kind"] for each in whole["found"]] == ["begun"]
    assert none.out == "0 of 7 entries fit\n"


def test_verifying_while_a_server_writes(log: Path, run: Run, vkey: tuple[str, ...]) -> None:
    """What is acknowledged and not sealed yet is counted; nothing has to stop for it."""
    with writing(log, seal_every=3600) as recorder:
        asyncio.run(recorder.record(decision(3)))
        found = run("log", "verify", log, *vkey)
    after = run("log", "verify", log, *vkey)

    assert found.status == 0
    assert found.out.endswith("journal    1 entry acknowledged, under no checkpoint yet\n")
    assert "journal" not in after.out
    assert "size       5 entries" in after.out


def test_what_is_missing_from_the_journal(log: Path, run: Run, vkey: tuple[str, ...]) -> None:
    """Somebody who takes acknowledged entries away before they are sealed is noticed."""
    with writing(log, seal_every=3600) as recorder:
        asyncio.run(recorder.record(decision(3)))
        (segment,) = (log / "journal").iterdir()
        segment.rename(segment.with_name(f"{9:019}"))
        found = run("log", "verify", log, *vkey)
        segment.with_name(f"{9:019}").rename(segment)

    assert found.status == 4
    assert "5 acknowledged entries are missing" in found.err


def test_a_log_of_something_else(tmp_path: Path, run: Run, log: Path, vkey: Any) -> None:
    """Where every entry has to be a decision, one that is none is refused, in every command."""
    with LogDirectory.open(log, SIGNER) as opened:
        opened.append(make_entries(1))

    for words in (
        ("log", "verify", log, "--decisions-only"),
        ("log", "search", log),
    ):
        refused = run(*words, *vkey)
        assert refused.status == 4
        assert "not an entry of a decision log" in refused.err


def ids(found: Result) -> list[str]:
    """Request ids that were found."""
    assert found.status == 0, found.err
    return [each["entry"].get("requestId", "event") for each in found.json["found"]]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), ["req-0", "req-1", "req-2"]),
        (("--verdict", "block"), ["req-1"]),
        (("--verdict", "block", "--verdict", "allow"), ["req-1", "req-2"]),
        (("--entity", "US_SSN"), ["req-1"]),
        (("--entity", "NO_SUCH"), []),
        (("--tenant", "b"), ["req-2"]),
        (("--request", "req-0"), ["req-0"]),
        (("--api", "chat.completions"), ["req-0", "req-1", "req-2"]),
        (("--api", "embeddings"), []),
        (("--policy", "aaaa"), ["req-0", "req-1", "req-2"]),
        (("--policy", "b"), []),
        (("--since", "2026-06-02"), ["req-2"]),
        (("--until", "2026-06-02T00:00:00Z"), ["req-0", "req-1"]),
        (("--since", "2026-06-01T12:00:00.250Z", "--until", "2026-06-02"), ["req-0", "req-1"]),
        (("--since", "7d"), []),
        (("--kind", "event"), ["event"]),
        (("--kind", "event", "--policy", "aaaa"), ["event"]),
        (("--kind", "event", "--tenant", "b"), []),
        (("--kind", "event", "--kind", "decision", "--limit", "2"), ["req-1", "req-2"]),
        (("--tenant", "b", "--verdict", "block"), []),
    ],
)
def test_searching(
    log: Path, run: Run, vkey: tuple[str, ...], words: tuple[str, ...], expected: list[str]
) -> None:
    """By time, verdict, entity, policy, tenant, request, API and kind; all of it has to fit."""
    assert ids(run("log", "search", log, *vkey, "--json", *words)) == expected


def test_what_a_search_shows(log: Path, run: Run, vkey: tuple[str, ...]) -> None:
    """A line for each entry, with where it stands."""
    found = run(
        "log", "search", log, *vkey, "--kind", "event", "--kind", "decision", "--limit", "3"
    )

    assert found.out == (
        "1  2026-06-01T12:00:00.250000Z  redact  req-0  acme  chat.completions  passed  CREDIT_CARD\n"
        "2  2026-06-01T12:00:00.250000Z  block  req-1  acme  chat.completions  passed  US_SSN\n"
        "3  2026-06-02T12:00:00.250000Z  allow  req-2  b  chat.completions  passed\n"
        "4 of 4 entries fit, the last 3 of them above\n"
    )
    event = run("log", "search", log, *vkey, "--kind", "event").out
    assert event.startswith("0  2026-06-01T12:00:00.250000Z  policy-loaded  digest aaaa")
    assert run("log", "search", log, *vkey, "--tenant", "x").out == "0 of 4 entries fit\n"


def test_a_time_that_is_none(log: Path, run: Run, vkey: tuple[str, ...]) -> None:
    """Wrong usage, with the forms that are taken."""
    refused = run("log", "search", log, *vkey, "--since", "yesterday")

    assert refused.status == 2
    assert "expected a time such as 2026-01-31, 2026-01-31T12:00:00Z or 12h" in refused.err


@pytest.mark.parametrize("words", [("--request", "req-1"), ("--entry", "2")])
def test_proving_a_decision(
    log: Path, run: Run, vkey: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """Entry and proof in two files, which convince whoever has the verifier key, without the log."""
    proved = run("log", "prove", log, *vkey, *words, "-o", "block.json")
    before = run("log", "verify", "block.json", *vkey)
    moved = log.rename(log.with_name("gone"))

    found = run("log", "verify", "block.json", *vkey)
    entry = json.loads(Path("block.json").read_text())
    Path("block.json").write_text(json.dumps(entry | {"verdict": "allow"}))
    changed = run("log", "verify", "block.json", *vkey)

    assert moved.is_dir()
    assert proved.out == (
        "stands  entry 2; the log has 4 entries\n"
        "entry   block.json\n"
        "proof   block.json.tlog-proof\n"
    )
    assert entry["requestId"] == "req-1"
    assert before == found
    assert found.status == 0
    assert found.out == (
        f"the entry is in the log\norigin     {ORIGIN}\nstands     entry 2; the log has 4 entries\n"
    )
    assert changed.status == 4
    assert "the proof does not lead from the entry at 2 to the root" in changed.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--request", "req-9", "-o", "p"), "there is no decision on `req-9` among the 4 entries"),
        (("--entry", "4", "-o", "p"), "there is no entry 4 among the 4 entries"),
        (("--entry", "1"), "the entry has to be written somewhere"),
        ((), "name one thing to prove: REPORT, `--request` or `--entry`"),
        (("--entry", "1", "--request", "r"), "name one thing to prove: `--request` or `--entry`"),
    ],
)
def test_what_cannot_be_proved(
    log: Path, run: Run, vkey: tuple[str, ...], words: tuple[str, ...], message: str
) -> None:
    """Nothing is written."""
    refused = run("log", "prove", log, *vkey, *words)

    assert refused.status == 2
    assert message in refused.err
    assert not Path("p").exists()


def test_an_entry_without_its_proof(log: Path, run: Run, vkey: tuple[str, ...]) -> None:
    """A file that is no log and has no proof beside it is wrong usage."""
    Path("alone.json").write_text("{}")

    refused = run("log", "verify", "alone.json", *vkey)

    assert refused.status == 2
    assert (
        "`alone.json` is no log, and there is no proof `alone.json.tlog-proof` beside it"
        in refused.err
    )


def served(root: Path, policy: str, texts: list[str]) -> None:
    """What a server logs that judges some prompts under a policy."""
    from assaymark.guard.life.plan import Plan, Plans
    from assaymark.guard.life.source import Policies
    from assaymark.guard.life.watching import Maker

    async def requests(recorder: Recorder, policies: Policies) -> None:
        for number, text in enumerate(texts):
            guard = policies.guard_for({}).guard
            checked = await guard.acheck([{"role": "user", "content": text}])
            await recorder.record(
                decision(
                    number,
                    time=NOW + timedelta(seconds=number),
                    verdict=checked.verdict,
                    policy=checked.policy,
                    detectors=dict(checked.detectors),
                    findings=tuple(
                        {"side": "request", **each.to_plain()} for each in checked.findings
                    ),
                )
            )

    with writing(root) as recorder:
        policies = Policies(
            Plans(default=Plan(policy=policy)), Maker(installed()), note=recorder.note, every=3600
        )
        policies.start()
        asyncio.run(requests(recorder, policies))
        policies.close()


def test_deciding_again(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a real log, with the rules of then in it: what another policy would have made of it."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "log"
    LogDirectory.create(root, ORIGIN, SIGNER)
    old = written(tmp_path / "old.yaml", REDACTS)
    new = written(tmp_path / "new.yaml", BLOCKS, name="strict", version="2.0.0")
    wider = written(
        tmp_path / "wider.yaml", REDACTS + "\n  tool_results: [{detector: pii, do: flag}]"
    )
    served(root, old, [PROMPT[0]["content"], "nothing", PROMPT[0]["content"]])
    (tmp_path / "log.vkey").write_text(key().vkey)

    def replay(policy: str, *more: str) -> Result:
        return run("guard", "replay", "log", "--policy", policy, "--log-vkey", "log.vkey", *more)

    same, stricter, unknown = replay(old), replay(new), replay(wider)
    data = replay(new, "--json").json
    since, until = "2026-06-01T12:00:01Z", "2026-06-01T12:00:02.250000Z"
    some = replay(new, "--since", since), replay(new, "--until", until)

    digest = load_policy(new, installed()).digest
    assert same.out.splitlines()[1:] == [
        "3 decisions were decided again",
        "  3 would be as they were",
    ]
    assert stricter.out == (
        f"strict 2.0.0, sha256:{digest}\n"
        "3 decisions were decided again\n"
        "  1 would be as they were\n"
        "  2 would be stricter\n"
        "    2: redact then, block now\n"
        "stricter, for example: req-0, req-2\n"
    )
    # The rules of then are known, though the event that has them is of another time.
    for each, named in zip(some, ("req-2", "req-0"), strict=True):
        assert each.out.splitlines()[1:] == [
            "2 decisions were decided again",
            "  1 would be as they were",
            "  1 would be stricter",
            "    1: redact then, block now",
            f"stricter, for example: {named}",
        ]
    assert unknown.out.splitlines()[1:] == [
        "3 decisions were decided again",
        "  3 cannot be told from the log alone",
        "    1: allow then, allow to block now",
        "    2: redact then, allow to block now",
        "why not",
        "  3: a detector was not asked then",
    ]
    assert data["policy"] == {"name": "strict", "sha256": digest}
    assert (data["same"], data["stricter"], data["laxer"], data["unknown"]) == (1, 2, 0, 0)
    assert data["outcomes"] == [
        {
            "comparison": "same",
            "was": "allow",
            "atLeast": "allow",
            "atMost": "allow",
            "decisions": 1,
        },
        {
            "comparison": "stricter",
            "was": "redact",
            "atLeast": "block",
            "atMost": "block",
            "decisions": 2,
        },
    ]
    assert same.status == stricter.status == unknown.status == 0


def test_what_is_missing_is_said(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decisions that the log says it lost are counted in a replay and a verification."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "log"
    LogDirectory.create(root, ORIGIN, SIGNER)
    (tmp_path / "log.vkey").write_text(key().vkey)
    with writing(root) as recorder:
        recorder.note("decisions-unlogged", {"unlogged": 7, "refused": 2, "reason": "full"})
    new = written(tmp_path / "new.yaml", BLOCKS)

    replayed = run("guard", "replay", "log", "--policy", new, "--log-vkey", "log.vkey")
    before = run(
        *("guard", "replay", "log", "--policy", new, "--log-vkey", "log.vkey"),
        *("--until", "2020-01-01"),
    )
    verified = run("log", "verify", "log", "--log-vkey", "log.vkey", "--decisions-only")

    assert "not in the log" not in before.out
    assert replayed.out.endswith("7 decisions are not in the log, as it says itself\n")
    assert verified.out.endswith("missing    7 answers left unlogged, 2 were refused\n")


def test_a_policy_without_a_guard(log: Path, run: Run, vkey: tuple[str, ...]) -> None:
    """There is nothing to decide by."""
    refused = run("guard", "replay", log, "--policy", "pack:baseline", *vkey)

    assert refused.status == 2
    assert "says nothing about run time" in refused.err


def test_the_tests_are_about_the_present() -> None:
    """The times in the log lie far from now, so that `7d` finds none of them."""
    assert abs(time.time() - NOW.timestamp()) > 8 * 86_400
