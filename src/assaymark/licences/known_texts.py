"""
Licence texts, known by fingerprints: which licence a text is, or what it resembles.

Of each licence stand in `texts.json` only numbers: for every stretch of its text without a place to fill in,
the number of words and a 61-bit hash of them; and the 32 smallest hashes of its runs of eight words. No
text can be read out of these.

* A text *is* a licence only if every stretch is there, word for word and in order, and nothing else is: a
  title, copyright notices, the names that fill the gaps. One word more, or one less, and it is not.
* Texts that several ids share, such as the GPL's with and without "or later", are all of them: ambiguous.
* A text that shares many runs of words with a licence *resembles* it. That is a hint for a person, no answer.

Source of the texts: spdx/license-list-XML at e4c1f27, and license-list-data as the npm package
spdx-license-list 6.12.0 holds it. The list is CC0-1.0, each text under its own terms; none of them is here.
`scripts/make_licence_fingerprints.py` computes the file.

Tried on 2026-11-21 on the licence files of 138 installed Python packages that state an SPDX expression and
have one such file: 117 were recognised as what is stated, 21 as nothing, none as another licence.

tests/licences/test_known_texts.py
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import NamedTuple

from assaymark.licences.text_tokens import words_of

PRIME = (1 << 61) - 1
BASE = 0x1F3A5C7E9B2D4F
RUN = 8
"""Words of a run."""

SKETCH = 32
"""Runs of a text that are kept, those with the smallest hashes."""

_RESEMBLES = 0.5
"""Share of common runs from which on a text resembles a licence; of unlike licences it is below 0.3."""

_GAP = 20
"""Words that may fill a gap, such as names and years."""

_TITLE = 25
"""Words that may stand before a text: a title, a name, an address."""

_LONGEST = 60_000
"""Words beyond which a file is no licence text alone."""

_TELLING = frozenset(
    """license licensed commercial noncommercial non use used using only not no without restricted
    restriction prohibited permission permitted must may shall except excluding exclude unless however
    subject forbid forbidden disallowed research academic educational education student students evaluation
    internal personal private government military nonprofit profit fee charge sale sell paid ai train
    training mining tdm consent approval grant revoked void terms conditions""".split()  # noqa: SIM905
)
"""Words that may change what a licence says, and so fill no gap and no notice."""

_TITLE_WORDS = frozenset(
    """the license licensed version text full legal code file this project under of a is data dataset
    public international universal agreement general documentation software see below rev revision document
    odc odbl cc""".split()  # noqa: SIM905 - a list of forty words is hard to read
)
_MORE = _TITLE_WORDS | frozenset(
    """for more information please visit read at html txt creative commons licenses legalcode deed
    by""".split()  # noqa: SIM905 - likewise
)
"""Words that may follow a text: where to read it."""


class Stretch(NamedTuple):
    """A part of a licence's text without a place to fill in."""

    words: int
    start: int
    """Hash of its first `RUN` words, or of all where it has fewer."""

    whole: int
    is_optional: bool
    """Whether the text is the same licence without it: a preamble, an explanation how to apply it."""

    has_gap: bool
    """Whether something may be filled in before it."""


@dataclass(frozen=True, slots=True)
class KnownText:
    """A licence's fingerprint."""

    ids: tuple[str, ...]
    stretches: tuple[Stretch, ...]
    sketch: frozenset[int]
    titles: frozenset[int]
    """Hashes of the words of its title."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What is known of a text."""

    ids: tuple[str, ...] = ()
    """The licences that it is, word for word; several where they share one text; none where it is none."""

    resembles: str = ""
    """The licence that it is most like, where it is none."""


def recognise(text: str) -> Recognised:
    """Return which licence `text` is."""
    words, notices = words_of(text)
    if not words or len(words) > _LONGEST:
        return Recognised()
    hashes = [hash_of(each) for each in words]
    if not _TELLING.intersection(notices):
        candidates = dict.fromkeys(_candidates(hashes))
        found = [each for each in candidates if _is(each, words, hashes)]
        # The longest text that fits: a short licence may stand inside another.
        if found:
            return Recognised(max(found, key=_length).ids)
    return Recognised(resembles=_nearest(hashes))


def hash_of(word: str) -> int:
    """Return the hash of one word, below `PRIME`."""
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big") % PRIME


def hash_of_words(hashes: Iterable[int]) -> int:
    """Return the hash of words in their order."""
    value = 0
    for each in hashes:
        value = (value * BASE + each) % PRIME
    return value


def sketch_of(hashes: Sequence[int]) -> frozenset[int]:
    """Return the smallest hashes of the runs of a text, in 32 bits."""
    runs = {
        hash_of_words(hashes[at : at + RUN]) >> 29 for at in range(max(0, len(hashes) - RUN + 1))
    }
    return frozenset(sorted(runs)[:SKETCH])


def _length(known: KnownText) -> int:
    return sum(each.words for each in known.stretches)


def _candidates(hashes: Sequence[int]) -> Iterator[KnownText]:
    by_start = _by_start()
    for at in range(len(hashes)):
        yield from by_start.get(hash_of_words(hashes[at : at + RUN]), ())


def _is(known: KnownText, words: Sequence[str], hashes: Sequence[int]) -> bool:
    """Whether the whole text is `known` and nothing else."""
    at, is_first = 0, True
    for stretch in known.stretches:
        found = _find(stretch, hashes, at, most=_TITLE if is_first else _GAP)
        if found is None:
            if stretch.is_optional:
                continue
            return False
        between = range(at, found)
        if is_first:
            if not _is_title(known, words, hashes, between, has_gap=stretch.has_gap):
                return False
        elif between and not (stretch.has_gap and _is_filling(words, between)):
            return False
        at, is_first = found + stretch.words, False
    rest = range(at, len(words))
    return len(rest) <= _GAP and all(words[each] in _MORE or words[each].isdigit() for each in rest)


def _find(stretch: Stretch, hashes: Sequence[int], start: int, *, most: int) -> int | None:
    length = min(RUN, stretch.words)
    for at in range(start, min(start + most, len(hashes) - stretch.words) + 1):
        if hash_of_words(hashes[at : at + length]) == stretch.start and (
            hash_of_words(hashes[at : at + stretch.words]) == stretch.whole
        ):
            return at
    return None


def _is_title(
    known: KnownText,
    words: Sequence[str],
    hashes: Sequence[int],
    between: range,
    *,
    has_gap: bool,
) -> bool:
    def is_title(at: int) -> bool:
        word = words[at]
        return word in _TITLE_WORDS or word.isdigit() or hashes[at] in known.titles

    return all(is_title(at) or (has_gap and words[at] not in _TELLING) for at in between)


def _is_filling(words: Sequence[str], between: range) -> bool:
    return len(between) <= _GAP and not any(words[at] in _TELLING for at in between)


def _nearest(hashes: Sequence[int]) -> str:
    own = sketch_of(hashes)
    best, name = 0.0, ""
    for each in _known():
        # Of the smallest runs of both texts together, those in both: an estimate of the share in common.
        together = sorted(own | each.sketch)[:SKETCH]
        common = sum(run in own and run in each.sketch for run in together) / len(together)
        if common > best:
            best, name = common, each.ids[0]
    return name if best >= _RESEMBLES else ""


@functools.cache
def _by_start() -> Mapping[int, tuple[KnownText, ...]]:
    found: dict[int, list[KnownText]] = {}
    for each in _known():
        sure = (stretch for stretch in each.stretches if not stretch.is_optional)
        first = next(stretch for stretch in sure if stretch.words >= RUN)
        found.setdefault(first.start, []).append(each)
    return {start: tuple(every) for start, every in found.items()}


@functools.cache
def _known() -> tuple[KnownText, ...]:
    data = json.loads((files("assaymark.licences") / "texts.json").read_bytes())
    return tuple(
        KnownText(
            ids=tuple(each["ids"]),
            stretches=tuple(
                Stretch(words, int(start, 36), int(whole, 36), "o" in flags, "g" in flags)
                for words, start, whole, flags in each["stretches"]
            ),
            sketch=frozenset(_unpacked(each["sketch"])),
            titles=frozenset(int(title, 36) for title in each["titles"]),
        )
        for each in data["texts"]
    )


def _unpacked(packed: str) -> tuple[int, ...]:
    data = base64.b64decode(packed)
    return struct.unpack(f">{len(data) // 4}I", data)
