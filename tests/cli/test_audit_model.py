"""`audit --model`: a model is asked, judged, reported as what it is said to be, and never paid for twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cli.test_canaries import contents
from scripted_models.questions import questions
from scripted_models.server import Reply, Request, ScriptedServer, good, said, wrong

__all__ = ["questions"]

ASSAYMARK = Path(sys.executable).with_name("assaymark")
TESTS = Path(__file__).resolve().parent.parent
POLICY = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: p, version: 1.0.0, owner: o@example.org}
checks:
  - {id: plain-questions, prompts: %d, words: %s}
requirements:
  - {id: answers, metric: plain.answered, on: model, at_least: 1, severity: low, enforce: warn}
  - {id: no-gaps, metric: answers.unanswered-rate, on: model, at_most: 0.1, severity: high, enforce: deny}
"""

pytestmark = pytest.mark.usefixtures("questions")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """All the scripted models."""
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def policy(tmp_path: Path) -> Callable[..., Path]:
    """Write a policy that asks so many questions."""

    def write(prompts: int = 10, words: str = "question") -> Path:
        path = tmp_path / "p.yaml"
        path.write_text(POLICY % (prompts, words))
        return path

    return write


def names(folder: Path) -> set[str]:
    """What lies in a folder."""
    return {each.name for each in folder.iterdir()}


def test_a_model_that_answers_passes(run, policy, server, tmp_path) -> None:
    """The report says what was asked, that it is known by its word, and how many answers there are."""
    run("keys", "new", tmp_path / "k", "--no-passphrase")
    model = f"vllm:good@{server.url}?revision=2024-07-18"

    result = run(
        "audit", policy(), "--model", model, "--out", tmp_path / "out", "--key", tmp_path / "k"
    )

    shown = f"model `vllm:good@{server.url}`, revision `2024-07-18` (as declared)"
    assert result.status == 0
    assert f"{shown}, 10 prompts" in " ".join(result.out.split())
    assert "(as declared)" in (tmp_path / "out/report.md").read_text()
    assert "(as declared)" in (tmp_path / "out/report.html").read_text()
    assert names(tmp_path) == {"k", "k.pub", "out", "p.yaml"}
    evidence = json.loads((tmp_path / "out/evidence.json").read_text())
    (subject,) = evidence["subjects"]
    assert subject["subject"]["declared"] == {
        "endpoint": server.url, "model": "good", "revision": "2024-07-18",
    }  # fmt: skip
    assert (subject["subject"]["files"], subject["subject"]["size"]) == (0, 0)
    verified = run(
        "verify", tmp_path / "out/report.sigstore.json", "--key", tmp_path / "k.pub", "--json"
    )
    assert verified.status == 0


@pytest.mark.parametrize(
    ("model", "status", "coverage"),
    [
        ("refusing", 1, "10 prompts, 10 of them without an answer (10 refused: refusal)"),
        ("silent", 1, "10 prompts, 10 of them with an empty answer"),
        ("failing", 1, "10 prompts, 10 of them without an answer (10 failed: http-500)"),
        ("garbage", 1, "10 prompts, 10 of them without an answer (10 unparsable: not-json)"),
        ("limited", 0, "10 prompts"),
        ("slow", 0, "10 prompts"),
    ],
)
def test_nothing_passes_by_absence(run, policy, server, tmp_path, model, status, coverage) -> None:
    """A model that does not answer breaks a policy that demands answers, and the report counts why."""
    name = f"vllm:{model}@{server.url}"

    result = run(
        "audit",
        policy(),
        "--model",
        name,
        "--out",
        tmp_path / "out",
        "--attempts",
        "1" if status else "5",
    )

    assert result.status == status
    assert f"model `{name}` (as declared), {coverage};" in " ".join(result.out.split())


def test_what_would_be_asked(run, policy, server, tmp_path, monkeypatch) -> None:
    """Prompts, calls, tokens and money, before any of it is spent."""
    monkeypatch.chdir(tmp_path)
    policy(20)
    words = (
        "--model",
        f"vllm:good@{server.url}",
        "--out",
        "out",
        "--price",
        "0.15/0.60",
        "--dry-run",
    )

    result = run("audit", "p.yaml", *words)
    as_json = run("audit", "p.yaml", *words, "--json").json

    assert result.status == 0
    assert result.out == (
        f"vllm:good@{server.url}\n"
        "  plain-questions          20 prompts, 20 answers\n"
        "  calls                    20\n"
        "  tokens at most           370 asked, 320 answered\n"
        "  cost at most             0.01\n"
        "nothing was asked\n"
    )
    (model,) = as_json["models"]
    assert (model["calls"], model["known"], model["costAtMost"]) == (20, 0, 0.000247)
    assert model["checks"] == [{"check": "plain-questions", "prompts": 20, "answers": 20}]
    assert server.requests == []
    assert names(tmp_path) == {"p.yaml"}


def test_a_check_that_a_model_cannot_serve_is_in_the_preview(run, policy, server, tmp_path) -> None:
    """With its reason."""
    result = run(
        "audit", policy(), "--model", f"vllm:good@{server.url}?api=completion",
        "--out", tmp_path / "out", "--dry-run",
    )  # fmt: skip

    assert "  plain-questions          not run: the model offers no chat\n" in result.out


def program(policy: Path, out: Path, model: str, *words: str) -> subprocess.Popen[bytes]:
    """The audit as a program of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    command = [
        ASSAYMARK,
        "audit",
        policy,
        "--model",
        model,
        "--out",
        out,
        "--concurrency",
        "4",
        *words,
    ]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


@pytest.mark.parametrize(
    ("how", "status"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_run_that_is_stopped_goes_on(run, policy, tmp_path, how, status) -> None:
    """Its answers are kept, readable for their owner alone; going on repeats none, and changes no byte."""
    path = policy(120)
    stopped = threading.Event()

    def answer(request):
        # Whoever is to be stopped must not be done before the signal comes.
        is_slow = len(server.requests) >= 40 and not stopped.is_set()
        return Reply(body=good(request).body, pause=1.0 if is_slow else 0.02)

    with ScriptedServer({"m": answer}) as server:
        name = f"vllm:m@{server.url}"
        child = program(path, tmp_path / "out", name)
        while len(server.requests) < 40:
            assert child.poll() is None
            time.sleep(0.005)
        child.send_signal(how)
        _, told = child.communicate()
        stopped.set()
        answers = tmp_path / "out.answers"
        mode, before = answers.stat().st_mode & 0o777, len(server.requests)
        again = run("audit", path, "--model", name, "--out", tmp_path / "out")
        resumed = run("audit", path, "--model", name, "--out", tmp_path / "out", "--resume")
        after = len(server.requests)
        whole = run("audit", path, "--model", name, "--out", tmp_path / "whole")

    assert (child.returncode, told if how is not signal.SIGKILL else b"") == (status, b"")
    assert mode == 0o600
    assert not (tmp_path / "out").exists() or how is signal.SIGKILL or resumed.status == 0
    assert again.status == 2
    assert again.err == (
        f"error: `{answers}` holds what models answered in an earlier run\n"
        "hint: `--resume` goes on from there; remove it to ask everything anew\n"
    )
    assert (resumed.status, whole.status) == (0, 0)
    assert after <= 120 + 4
    assert before >= 40
    evidence = [(tmp_path / each / "evidence.json").read_bytes() for each in ("out", "whole")]
    assert evidence[0] == evidence[1]
    assert answers.exists()
    assert not (tmp_path / "whole.answers").exists()


def test_a_second_audit_with_resume_asks_nothing(run, policy, server, tmp_path) -> None:
    """Answers that were to be kept are kept."""
    words = ("--model", f"vllm:good@{server.url}", "--out", tmp_path / "out", "--resume")

    first, second = (run("audit", policy(), *words) for _ in range(2))

    assert (first.status, second.status) == (0, 0)
    assert len(server.requests) == 10


def test_a_budget_that_is_used_up_is_said(run, policy, tmp_path) -> None:
    """Nothing was found wrong and nothing right: status 3, and the way on."""
    models = {"m": lambda request: good(request) if request.nth else wrong(500, "x")}
    with ScriptedServer(models) as server:
        words = (
            "--model",
            f"vllm:m@{server.url}",
            "--out",
            tmp_path / "out",
            "--budget",
            "calls=12",
        )
        short = run("audit", policy(), *words[:-1], "calls=9")
        spent = run("audit", policy(), *words)
        calls = len(server.requests)
        resumed = run("audit", policy(), *words, "--resume")

    assert (short.status, short.err) == (
        2,
        (
            "error: 10 prompts are to be put, and the budget is 9 calls\n"
            "hint: nothing was asked; `--dry-run` shows what each check asks\n"
        ),
    )
    assert (spent.status, spent.err) == (
        3,
        (
            "error: the budget of 12 calls is used up\n"
            "hint: what was answered is kept; `--resume` with a further budget goes on from there\n"
        ),
    )
    assert calls == 12
    assert resumed.status == 0
    assert not (tmp_path / "out").exists() or resumed.status == 0


WRONG = {
    ("--model", "gpt-4o"): "a model's name begins with its kind and a colon",
    ("--model", "gguf:m"): "no kind of model is called `gguf`",
    ("--dry-run",): "`--dry-run` shows what a model would be asked",
    ("--model", "ollama:m", "--budget", "calls"): "`--budget` expects each amount once",
    (
        "--model",
        "ollama:m",
        "--budget",
        "calls=1",
        "--budget",
        "calls=2",
    ): "`--budget` expects each amount once",
    (
        "--model",
        "ollama:m",
        "--budget",
        "cost=5",
    ): "a budget of money needs the price of a million tokens",
    ("--model", "ollama:m", "--rate", "cost=5"): "`--rate` expects each amount once",
    ("--model", "ollama:m", "--price", "5"): "`--price` expects two numbers with a slash",
    ("--model", "recorded:no-such.jsonl"): "`no-such.jsonl` does not exist",
}


@pytest.mark.parametrize("words", WRONG)
def test_wrong_words_are_answered(run, policy, tmp_path, words) -> None:
    """With what is wrong, and nothing left behind."""
    result = run("audit", policy(), *words, "--out", tmp_path / "out")

    assert result.status == 2
    assert result.err.splitlines()[0] == f"error: {WRONG[words]}"
    assert names(tmp_path) == {"p.yaml"}


def test_an_endpoint_that_is_down_is_undecided(run, policy, tmp_path) -> None:
    """Status 3, the address, and what to look at."""
    result = run(
        "audit", policy(), "--model", "vllm:m@http://127.0.0.1:9/v1", "--attempts", "1",
        "--out", tmp_path / "out",
    )  # fmt: skip

    assert (result.status, result.err) == (
        3,
        (
            "error: `vllm:m@http://127.0.0.1:9/v1` cannot be reached\n"
            "hint: check the address, and that it runs; what was answered before is kept\n"
        ),
    )
    assert names(tmp_path) == {"p.yaml"}


CANARIES = (b"sk-canary-key", b"canary prompt", b"canary answer", b"canary-secret")


@pytest.mark.parametrize("model", ["telling", "locked", "failing", "garbled", "unknown", "strict"])
def test_no_key_prompt_or_answer_is_in_any_output(
    run, policy, tmp_path, monkeypatch, model
) -> None:
    """Only the kept answers hold answers; nothing holds a key, whatever the endpoint writes."""
    monkeypatch.setenv("MY_KEY", "sk-canary-key")
    monkeypatch.setenv("ASSAYMARK_DEBUG", "1")

    def garbled(request: Request) -> Reply:
        key = request.headers["authorization"].encode()
        return Reply(body=b'{"error": {"message": "' + key + b'", "code": "canary answer"}')

    models: dict[str, Any] = {
        "telling": lambda _: said("a canary answer, x"),
        "garbled": garbled,
        "strict": lambda request: wrong(400, "canary-secret " + request.headers["authorization"]),
    }
    run("keys", "new", tmp_path / "k", "--no-passphrase")
    with ScriptedServer(models) as server:
        words = ("--model", f"openai:{model}@{server.url}?key-env=MY_KEY", "--attempts", "1")
        path = policy(words='"canary prompt"')
        result = run(
            "audit", path, *words, "--out", tmp_path / "out", "--key", tmp_path / "k", "--resume"
        )
        assert server.requests[0].headers["authorization"] == "Bearer sk-canary-key"

    path.unlink()
    blobs = contents(tmp_path)
    kept = b"".join(blobs.pop(each) for each in list(blobs) if each.startswith("out.answers"))
    streams = (result.out + result.err).encode()
    found = {(name, each) for name, blob in blobs.items() for each in CANARIES if each in blob}
    # A policy may say what is asked, and the evidence says under which settings it was measured.
    assert {each for each in found if each[1] != b"canary prompt"} == set()
    assert [each for each in CANARIES if each in streams] == []
    assert b"sk-canary-key" not in kept
    assert (b"canary answer" in kept) == (model == "telling")


def test_a_gate_knows_a_model_by_its_name(run, policy, server, tmp_path, monkeypatch) -> None:
    """The same address, model and revision are the same subject, and the gate says that it is a word."""
    monkeypatch.chdir(tmp_path)
    name = f"vllm:good@{server.url}?revision=7"
    path = policy()
    run("keys", "new", "key", "--no-passphrase")
    assert run("audit", path, "--model", name, "--out", "out", "--key", "key").status == 0
    digest = run("policy", "check", path, "--json").json["policy"]["sha256"]
    (tmp_path / "trust.yaml").write_text(
        "apiVersion: assaymark/v1\nkind: Trust\n"
        "keys: [{name: auditor, publicKey: key.pub, roles: [auditor]}]\n"
        f"policies: {{allow: ['sha256:{digest}']}}\n"
    )
    declared = json.loads((tmp_path / "out/evidence.json").read_text())["subjects"][0]["subject"]
    (tmp_path / "forged").write_text(
        json.dumps(declared["declared"], separators=(",", ":"), sort_keys=True)
    )

    def gate(subject: str):
        return run("gate", "out", "--trust", "trust.yaml", "--subject", subject)

    admitted = gate(f"{name}&key-env=NOT_READ")

    assert admitted.status == 0
    assert (
        "a model behind an address: known by its name as declared, nothing was hashed"
        in admitted.out
    )
    assert sha256((tmp_path / "forged").read_bytes()).hexdigest() == declared["digest"]
    assert gate("forged").status == 1
    assert gate(f"vllm:good@{server.url}?revision=8").status == 1
    assert gate(f"vllm:other@{server.url}?revision=7").status == 1
    assert gate("vllm:good").status == 2
