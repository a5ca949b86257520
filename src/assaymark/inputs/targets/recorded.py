"""
Recorded answers as a model: `recorded:PATH`, a file of JSON Lines.

    {"messages": [{"role": "user", "content": "..."}], "response": "...", "repeat": 0}
    {"prompt": "...", "response": null, "category": "refused"}
    {"prompt": "...", "continuations": ["...", "..."], "scores": [[-3.5, 2], [-4.25, 3]]}

`prompt` answers a text to be completed, and a chat of that one message. The n-th record of one prompt
without `repeat` is its n-th draw. `category` is `answered` by default, or `empty` where there is no text.
`asked` may hold anything: `to_be_recorded` writes there what a recorder has to know, and nothing reads it.
What was not recorded is a failed answer, `not-recorded`: nothing is passed over.

The subject is known by the bytes of the file. That they are what some model said is the recorder's word.

tests/inputs/targets/test_recorded.py
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assaymark.contracts.target import (
    Answer,
    Capability,
    Category,
    Prompt,
    Role,
    Score,
    TargetName,
    TargetSpec,
)
from assaymark.errors import InputError, UsageError
from assaymark.inputs.identity import identify
from assaymark.inputs.targets.name import demand_options
from assaymark.model.subject import Sha256, Subject, SubjectKind

_KEYS = frozenset(
    {
        *("messages", "prompt", "continuations", "scores", "response", "repeat"),
        *("category", "reason", "asked"),
    }
)
_ROLES = {each.value for each in Role}
_PAIRS = [[float, int], [int, int]]
_LEAST = 1e300  # below it there is no such number, or not even a finite one


class RecordedTarget:
    """A file of answers.

    Args:
        path: The file.

    Raises:
        InputError: It cannot be read, or a line is no record.
    """

    at_once = None

    def __init__(self, path: Path) -> None:
        self.name = f"recorded:{path}"
        self.subject: Subject = identify(str(path), kind=SubjectKind.MODEL, streams=False)
        self._answers: dict[bytes, Answer] = {}
        seen: Counter[bytes] = Counter()
        asked: set[Capability] = set()
        try:
            with path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        asked |= self._add(line, f"`{path}`, line {number}", seen)
        except OSError as error:
            raise InputError(f"`{path}` cannot be read: {error.strerror}") from None
        if identify(str(path), kind=SubjectKind.MODEL, streams=False) != self.subject:
            raise InputError(f"`{path}` changed while it was read", hint="audit it again")
        self.capabilities = frozenset(asked)

    @property
    def digest(self) -> Sha256:
        """Of the bytes."""
        return self.subject.digest

    async def ask(self, prompt: Prompt) -> Answer:
        """Look the answer up."""
        asked: Any = [[each.role.value, each.content] for each in prompt.messages] or prompt.text
        return self._answers.get(
            _key(asked, prompt.continuations, prompt.repeat),
            Answer(category=Category.FAILED, reason="not-recorded"),
        )

    async def close(self) -> None:
        """Nothing is open."""

    def _add(self, line: bytes, place: str, seen: Counter[bytes]) -> set[Capability]:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            raise InputError(f"{place}: no JSON") from None
        if not isinstance(record, dict) or not set(record) <= _KEYS:
            raise InputError(f"{place}: expected an object with {_listed(_KEYS)}")
        if ("messages" in record) == ("prompt" in record):
            raise InputError(f"{place}: expected either `messages` or `prompt`")
        asked = _messages(record["messages"], place) if "messages" in record else record["prompt"]
        continuations = record.get("continuations", [])
        if not isinstance(asked, str | list) or not _are_texts(continuations):
            raise InputError(f"{place}: `prompt` or `continuations` is no text")
        answer = _answer(record, len(continuations), place)
        nth = _key(asked, continuations, -1)
        repeat = record.get("repeat", seen[nth])
        seen[nth] += 1
        if not isinstance(repeat, int) or isinstance(repeat, bool) or repeat < 0:
            raise InputError(f"{place}: `repeat` is no whole number of at least 0")
        forms = [asked]
        if isinstance(asked, str) and not continuations:
            forms.append([[Role.USER.value, asked]])
        for form in forms:
            if self._answers.setdefault(_key(form, continuations, repeat), answer) is not answer:
                raise InputError(f"{place}: this repeat of this prompt stands on an earlier line")
        if continuations:
            return {Capability.LOG_PROBABILITIES}
        return {Capability.CHAT} | ({Capability.COMPLETION} if isinstance(asked, str) else set())


def to_be_recorded(draws: Iterable[tuple[str, Prompt]]) -> list[dict[str, Any]]:
    """Return a record without an answer for each draw, equal ones once.

    A recording knows a prompt by its words and its repeat, so what two checks ask in the same words with
    different parameters is one record, with the parameters of the first.

    Args:
        draws: Each with an id, such as `CHECK:PROMPT`.

    Returns:
        Objects as this file reads them, with `asked`: the ids, and the parameters that are set.
    """
    found: dict[bytes, dict[str, Any]] = {}
    for name, prompt in draws:
        said = [{"role": e.role.value, "content": e.content} for e in prompt.messages]
        asked: Any = [[e.role.value, e.content] for e in prompt.messages] or prompt.text
        key = _key(asked, prompt.continuations, prompt.repeat)
        if key not in found:
            how = {k: v for k, v in asdict(prompt.parameters).items() if v not in (None, ())}
            if "seed" in how:
                how["seed"] += prompt.repeat
            words: dict[str, Any] = {"messages": said} if said else {"prompt": prompt.text}
            if prompt.continuations:
                words["continuations"] = list(prompt.continuations)
            found[key] = {**words, "repeat": prompt.repeat, "asked": {"ids": [], **how}}
        found[key]["asked"]["ids"].append(name)
    return list(found.values())


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"`{each}`" for each in sorted(names))


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and each for each in value)


def _key(asked: Any, continuations: Sequence[str], repeat: int) -> bytes:
    plain = json.dumps([asked, list(continuations), repeat])
    return hashlib.sha256(plain.encode()).digest()


def _messages(value: Any, place: str) -> list[list[str]]:
    found = []
    for each in value if isinstance(value, list) else [None]:
        message: Mapping[str, Any] = each if isinstance(each, dict) else {}
        role, content = message.get("role"), message.get("content")
        if not isinstance(content, str) or str(role) not in _ROLES:
            raise InputError(
                f"{place}: `messages` is no list of objects with `role` and `content`",
                hint=f"a role is one of {_listed(frozenset(_ROLES))}",
            )
        found.append([str(role), content])
    return found


def _answer(record: Mapping[str, Any], continuations: int, place: str) -> Answer:
    text = record.get("response")
    scores = _scores(record.get("scores", []), place)
    if text is not None and not isinstance(text, str):
        raise InputError(f"{place}: `response` is no text")
    is_said = bool(text and text.strip()) or bool(scores)
    by_default = Category.ANSWERED if is_said else Category.EMPTY
    word = record.get("category", by_default.value)
    if str(word) not in {each.value for each in Category}:
        raise InputError(f"{place}: `category` is none that we know")
    category = Category(word)
    if category is not Category.ANSWERED:
        reason = record.get("reason", "recorded")
        return Answer(category=category, reason=reason if isinstance(reason, str) else "recorded")
    if not is_said or len(scores) != continuations:
        raise InputError(f"{place}: `answered`, without a text or as many scores as continuations")
    said = (text or "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return Answer(category=category, text=said, scores=scores)


def _scores(value: Any, place: str) -> tuple[Score, ...]:
    found = [_score(each) for each in value] if isinstance(value, list) else [None]
    scores = tuple(each for each in found if each is not None)
    if len(scores) != len(found):
        raise InputError(
            f"{place}: `scores` is no list of pairs: log-probability, number of tokens"
        )
    return scores


def _score(value: Any) -> Score | None:
    if not isinstance(value, list) or [type(each) for each in value] not in _PAIRS:
        return None
    number, tokens = value
    return Score(float(number), tokens) if -_LEAST <= number <= 0 and tokens > 0 else None


def _open(name: TargetName) -> RecordedTarget:
    demand_options(name, RECORDED.options)
    if name.url is not None:
        raise UsageError("a `recorded` model is a file", hint=f"write `{RECORDED.example}`")
    return RecordedTarget(Path(name.model))


RECORDED = TargetSpec(
    id="recorded",
    summary="a file of prompts with their answers, JSON Lines",
    example="recorded:answers.jsonl",
    open=_open,
)
