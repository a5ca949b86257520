"""A value that another process erased does not come back out of a guard that is at work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import assaymark
from assaymark.guard import Guard, Session, Verdict
from assaymark.policy.guarding import Phase
from guard.conftest import MakeGuard

MAIL = "erika.sample@example.com"
OTHER = "otto.sample@example.com"
PHONE = "+49 30 9018 2077"
OURS, THEIRS = Session("acme", "talk of erika"), Session("acme", "talk of otto")


def erase_everywhere(vault: Path, value: str) -> str:
    """Run the command as the data-protection officer does; return what it says."""
    found = {**os.environ, "PYTHONPATH": str(Path(assaymark.__file__).parent.parent)}
    done = subprocess.run(
        [sys.executable, "-m", "assaymark", "vault", "erase", str(vault), "--everywhere"],
        env={
            **found,
            "ASSAYMARK_ERASE": value,
            "ASSAYMARK_REDACTION_KEY": bytes(range(32)).hex(),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def asked(guard: Guard, value: str, session: Session) -> str:
    """Return what stands for `value` on the way to the model."""
    (message,) = guard.check_text(f"I am {value}", session=session).messages
    return str(message["content"]).removeprefix("I am ")


def answered(guard: Guard, text: str, session: Session) -> str:
    """Return an answer of the model as the client gets it."""
    (message,) = guard.check_text(text, Phase.OUTPUT, session=session).messages
    return str(message["content"])


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """Where the guard keeps pseudonyms."""
    return tmp_path / "vault"


@pytest.fixture
def guard(make: MakeGuard, vault: Path) -> Guard:
    """A guard with two conversations, each of which knows both addresses."""
    rule = "[{detector: pii-patterns, do: redact, with: pseudonym}]"
    return make(f"{{input: {rule}, output: {rule}}}", vault=vault)


def test_an_erased_value_is_not_restored(guard: Guard, vault: Path) -> None:
    """In no session; the others of the same sessions are."""
    names = {each: (asked(guard, MAIL, each), asked(guard, OTHER, each)) for each in (OURS, THEIRS)}
    before = [answered(guard, f"Hi {names[each][0]}", each) for each in (OURS, THEIRS)]

    said = erase_everywhere(vault, MAIL.upper())

    assert before == [f"Hi {MAIL}"] * 2
    assert said == "2 pseudonyms in 2 spaces lost their value\n2 spaces searched\n"
    for each, (erased, kept) in names.items():
        assert answered(guard, f"Hi {erased}, hi {kept}", each) == f"Hi {erased}, hi {OTHER}"


def test_a_stream_does_not_bring_it_back(guard: Guard, vault: Path) -> None:
    """Neither one that is open while it is erased, nor one that begins later."""
    name = asked(guard, MAIL, OURS)
    stream = guard.stream(session=OURS)
    out = stream.feed("To be sent to ") + stream.feed(name[:5])

    erase_everywhere(vault, MAIL)

    out += stream.feed(name[5:] + " today") + stream.finish()
    later = guard.stream(session=OURS)
    again = later.feed(f"To {name} today") + later.finish()
    assert out == f"To be sent to {name} today"
    assert again == f"To {name} today"


def test_a_value_that_comes_again_is_kept_again(guard: Guard, vault: Path) -> None:
    """Also in a text that is remembered as judged: the answers of detectors hold places only."""
    before = asked(guard, MAIL, OURS)
    erase_everywhere(vault, MAIL)
    hits = guard.memory.hits

    again = asked(guard, MAIL, OURS)

    assert guard.memory.hits > hits
    assert again == before
    assert answered(guard, f"Hi {again}", OURS) == f"Hi {MAIL}"
    assert asked(guard, OTHER, THEIRS) != asked(guard, OTHER, OURS)


def test_the_conversation_goes_on(guard: Guard, vault: Path) -> None:
    """What stands in its turns for an erased value passes as any text of that form does."""
    name, number = asked(guard, MAIL, OURS), asked(guard, PHONE, OURS)
    erase_everywhere(vault, MAIL)
    erase_everywhere(vault, PHONE)

    checked = guard.check(
        [
            {"role": "user", "content": f"I am {name}, {number}"},
            {"role": "assistant", "content": f"Hi {name}"},
            {"role": "user", "content": "go on"},
        ],
        session=OURS,
    )

    shown = [each["content"] for each in checked.messages]
    assert checked.verdict is Verdict.REDACT
    assert shown[0].startswith(f"I am {name}, +49 ")
    assert number not in shown[0]
    assert shown[1:] == [f"Hi {name}", "go on"]
    assert MAIL not in answered(guard, shown[0], OURS)
