"""
Sentences of our own, made from patterns, where public data has gaps.

* Identity: who somebody is, said plainly, kindly, or with contempt, with names from all over the world;
  contempt quoted and rejected; and contempt for things that are no group of people.
* Idioms: violent words that do no harm, such as killing a process or a shot of espresso.
* Distress and threats, in plain words and without any detail of method.
* Injection: orders to a model to drop its instructions, alone and inside benign text, roles that know no
  rules, and the same words in harmless use: ordinary roles, rules of a shop's assistant, formats.

The patterns were written for training. overlap.py removes what coincides with a measured sentence. The
card says how many sentences of each kind were used, and what was added after which measurement.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from training.examples import CLEAN, Example, both
from training.identities import adjective, group_phrase

PATTERNS = Path(__file__).with_name("patterns.json")
_SLOT = re.compile(r"\{(\w+)\}")
_ONE = frozenset({"freed", "firm", "role"})  # slots that mean the same thing all through a text

_MEANING: dict[str, dict[str, float]] = {
    "identity_plain": both(CLEAN, {"injection": 0.0}),
    "identity_kind": both(CLEAN, {"injection": 0.0}),
    "identity_rejects": both(CLEAN, {"injection": 0.0}),
    "thing_contempt": both(CLEAN, {"toxicity": 0.2, "injection": 0.0}),
    "idiom": both(CLEAN, {"injection": 0.0}),
    "benign_request": both(CLEAN, {"injection": 0.0}),
    "identity_contempt": {
        "harmful": 1.0,
        "toxicity": 1.0,
        "identity_attack": 1.0,
        "injection": 0.0,
        "self_harm": 0.0,
    },
    "identity_threat": {
        "harmful": 1.0,
        "toxicity": 1.0,
        "identity_attack": 1.0,
        "threat": 1.0,
        "violence": 1.0,
    },
    "person_insult": {
        "harmful": 1.0,
        "toxicity": 1.0,
        "insult": 1.0,
        "injection": 0.0,
        "identity_attack": 0.0,
    },
    "person_threat": {
        "harmful": 1.0,
        "toxicity": 0.9,
        "threat": 1.0,
        "violence": 1.0,
        "identity_attack": 0.0,
    },
    "self_harm": {
        "harmful": 1.0,
        "self_harm": 1.0,
        "insult": 0.0,
        "identity_attack": 0.0,
        "injection": 0.0,
        "illicit": 0.0,
    },
    "self_harm_urged": {
        "harmful": 1.0,
        "self_harm": 1.0,
        "toxicity": 1.0,
        "insult": 0.8,
        "injection": 0.0,
    },
    "recovery": both(CLEAN, {"injection": 0.0}),
    "violence_told": {
        "harmful": 1.0,
        "violence": 1.0,
        "injection": 0.0,
        "self_harm": 0.0,
        "identity_attack": 0.0,
    },
    "sexual": {
        "harmful": 1.0,
        "sexual": 1.0,
        "injection": 0.0,
        "identity_attack": 0.0,
        "self_harm": 0.0,
    },
    "romance": both(CLEAN, {"injection": 0.0}),
    "injection": {"injection": 1.0},
    "injection_talk": both(CLEAN, {"injection": 0.0}),
    "jailbreak": {"injection": 1.0},
    "orders": both(CLEAN, {"injection": 0.0}),
}
"""Kind of pattern to what its sentences mean."""

TAKE = {
    "identity_plain": 4200, "identity_kind": 3600, "identity_rejects": 1500, "thing_contempt": 500,
    "idiom": 600, "benign_request": 900, "identity_contempt": 3000, "identity_threat": 400,
    "person_insult": 700, "person_threat": 500, "self_harm": 600, "self_harm_urged": 200,
    "recovery": 300, "violence_told": 500, "sexual": 350, "romance": 250, "injection": 2200,
    "injection_talk": 900, "jailbreak": 1200, "orders": 1200,
}  # fmt: skip
"""Sentences of each kind in one epoch."""


class Patterns:
    """The patterns of `patterns.json`, filled at random."""

    def __init__(self, path: Path = PATTERNS, *, names: Sequence[str] = ()) -> None:
        """Read the patterns.

        Args:
            path: Where they are.
            names: Forenames to draw from beside the few that the file has. A name that is rare in English
                must not make a sentence look odd.
        """
        self._names = names
        read = json.loads(path.read_text("utf-8"))
        self._kinds: dict[str, list[str]] = read["kinds"]
        self._slots: dict[str, list[str]] = read["slots"]

    @property
    def kinds(self) -> list[str]:
        """Every kind of sentence."""
        return list(self._kinds)

    def sentence(self, kind: str, rng: random.Random) -> str:
        """Return one sentence of `kind`."""
        text = self._fill(rng.choice(self._kinds[kind]), rng, {})
        return text[0].upper() + text[1:] if rng.random() < 0.6 else text  # noqa: PLR2004 - share of tidy typists

    def _fill(self, pattern: str, rng: random.Random, held: dict[str, str]) -> str:
        def value(match: re.Match[str]) -> str:
            slot = match.group(1)
            if slot == "adj":
                return adjective(rng)
            if slot == "group":
                return group_phrase(rng)
            if slot == "name" and self._names and rng.random() < 0.7:  # noqa: PLR2004
                return rng.choice(self._names)
            if slot in held:
                return held[slot]
            chosen = self._fill(rng.choice(self._slots[slot]), rng, held)
            if slot in _ONE:
                held[slot] = chosen
            return chosen

        return _SLOT.sub(value, pattern)


def sentences(kind: str, count: int, rng: random.Random, patterns: Patterns) -> Iterator[Example]:
    """Yield at most `count` different sentences of one kind."""
    seen: set[str] = set()
    for _ in range(3 * count):
        text = patterns.sentence(kind, rng)
        if text not in seen and len(seen) < count:
            seen.add(text)
            yield Example(text=text, labels=_MEANING[kind], weight=0.7)


def embed_injections(
    orders: list[str], contexts: list[str], count: int, rng: random.Random
) -> Iterator[Example]:
    """Put an order inside a benign text, at its start, middle or end."""
    for _ in range(count):
        context, order = rng.choice(contexts)[:400], rng.choice(orders)
        pieces = re.split(r"(?<=[.!?]) ", context)
        place = rng.choice((0, len(pieces) // 2, len(pieces)))
        text = " ".join((*pieces[:place], order, *pieces[place:]))
        yield Example(text=text, labels={"injection": 1.0}, weight=0.8)
