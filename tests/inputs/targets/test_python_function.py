"""A function of Python as a model."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from assaymark.canonical import sha256_of
from assaymark.contracts.target import (
    Again,
    Answer,
    Capability,
    Category,
    Message,
    Prompt,
    Role,
)
from assaymark.errors import AssaymarkError
from assaymark.inputs.targets.registry import open_target

FILE = Path(__file__).parent / "functions.py"


def ask(name: str, text: str) -> Answer | Again:
    """Ask the function once."""
    prompt = Prompt(asks=Capability.CHAT, messages=(Message(Role.USER, text),))
    return asyncio.run(open_target(name).ask(prompt))


@pytest.mark.parametrize(
    "name",
    [
        "python:inputs.targets.functions:echo",
        "python:inputs.targets.functions:slowly",
        f"python:{FILE}:echo",
    ],
)
def test_a_function_answers(name: str) -> None:
    """A function or a coroutine function, of a module or a file."""
    assert ask(name, "hello") == Answer(category=Category.ANSWERED, text="hello")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nothing", Answer(category=Category.EMPTY, reason="empty")),
        ("blank", Answer(category=Category.EMPTY, reason="empty")),
        ("number", Answer(category=Category.UNPARSABLE, reason="returned-int")),
        ("half", Answer(category=Category.ANSWERED, text="a�")),
        ("again", Again(otherwise=Answer(category=Category.FAILED, reason="busy"))),
        ("refusal", Answer(category=Category.REFUSED, reason="policy")),
        ("canary", Answer(category=Category.FAILED, reason="raised-KeyError")),
    ],
)
def test_whatever_it_does_has_a_category(text: str, expected: Answer | Again) -> None:
    """What it raises is named by its class alone."""
    assert ask("python:inputs.targets.functions:whatever", text) == expected


def test_its_identity_is_declared() -> None:
    """Its place, the one file that it is defined in, and the user's word."""
    plain = open_target("python:inputs.targets.functions:echo")
    named = open_target("python:inputs.targets.functions:echo?revision=7&at-once=4&api=completion")

    declared = {
        "function": "inputs.targets.functions:echo",
        "sourceSha256": sha256_of(FILE.read_bytes()),
    }
    assert plain.subject.declared == declared
    assert named.subject.declared == {**declared, "revision": "7"}
    assert (plain.at_once, named.at_once) == (1, 4)
    assert named.capabilities == {Capability.COMPLETION}
    asyncio.run(plain.close())


def test_the_current_folder_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `python -m` does."""
    (tmp_path / "model_in_this_folder.py").write_text("def answer(prompt):\n    return 'here'\n")
    monkeypatch.chdir(tmp_path)

    assert ask("python:model_in_this_folder:answer", "x") == Answer(
        category=Category.ANSWERED, text="here"
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_module:f", "`no_such_module` cannot be imported: ModuleNotFoundError"),
        ("no_such_file.py:f", "there is no file `no_such_file.py`"),
        (
            "inputs.targets.functions:missing",
            "`inputs.targets.functions` has no function `missing`",
        ),
        (
            "inputs.targets.functions:not_callable",
            "`inputs.targets.functions` has no function `not_callable`",
        ),
    ],
)
def test_what_is_no_function_is_refused(name: str, message: str) -> None:
    """Before anything is asked."""
    with pytest.raises(AssaymarkError) as caught:
        open_target(f"python:{name}")

    assert caught.value.message == message
