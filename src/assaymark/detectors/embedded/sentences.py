"""
Sentences: what one of them says counts in a long text too, and which one made a text score as it does.

The encoder reads 128 word pieces at once, and a sentence among others moves its answer less than the same
sentence alone: of the short hateful texts that it flags, it flagged a fifth among sixty plain sentences. So
the sentences of a long text are read one by one as well. A text's log-odds of a harm are at least those of
any of its sentences, less `MARGIN`, the price of having many sentences to be wrong about. Injection is left
out: what commands a model in one text is a plain instruction as a sentence of another. With the cascade, a
sentence that its front clears is not read by itself, just as a text that it clears is not read at all.

Of a text that reaches 0.5 in some score, the sentence that scores highest by itself is named.

tests/detectors/embedded/test_sentences.py; docs/models/embedded.md has the figures.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import compress, islice
from typing import TYPE_CHECKING

import numpy as np

from assaymark.detectors.embedded.labels import SCORES
from assaymark.detectors.embedded.scorer import Network, Read, read_tokens
from assaymark.detectors.embedded.tokens import Tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

Range = tuple[int, int]
"""First character and one past the last one."""

MARGIN = 1.0
"""What the logit of a sentence loses where it stands for a text."""

LONG = 62
"""Word pieces above which a text is read sentence by sentence, too."""

_HARMS = np.array([at for at, each in enumerate(SCORES) if each != "injection"])
_AT_ONCE = 1024  # sentences whose word pieces are held together; bounds memory

# After a full stop or its like and what closes a quotation, or at a line break. A run of stops is tried from
# its beginning only and never given back, so a megabyte of them takes linear time.
_END = re.compile(r"(?<![.!?\u2026])[.!?\u2026]++[\"'\u201d\u2019)\]]*+\s|\n")

_LEAST = 3
"""Letters and digits of a sentence. What has fewer, such as an initial or the number of a point, goes with
what follows it: nobody learns anything from a letter that is pointed at."""


def sentences(text: str) -> list[Range]:
    """Return the ranges of the sentences of `text`, without blanks around them."""
    found: list[Range] = []
    begun, size = None, 0
    for first, last in _parts(text):
        begun = first if begun is None else begun
        size += sum(map(str.isalnum, text[first:last]))
        if size >= _LEAST:
            found.append((begun, last))
            begun, size = None, 0
    if begun is not None:
        # With nothing behind it, it goes with what stands before.
        begun = found.pop()[0] if found else begun
        found.append((begun, last))
    return found


def _parts(text: str) -> Iterator[Range]:
    start = 0
    for end in [*(match.end() for match in _END.finditer(text)), len(text)]:
        part = text[start:end]
        first, last = start + len(part) - len(part.lstrip()), start + len(part.rstrip())
        if last > first:
            yield first, last
        start = end


def raised_by_sentences(
    network: Network,
    texts: Sequence[str],
    tokens: Sequence[Tokens],
    read: Read,
    is_clean: Callable[[Sequence[Tokens]], NDArray[np.bool_]] | None = None,
) -> Read:
    """Return what the network said of `texts`, and of the sentences of the long ones.

    Args:
        network: What computes the logits.
        texts: The texts.
        tokens: Their word pieces.
        read: What the network said of them; it is not changed.
        is_clean: Tells of sentences whether they are plainly clean: those are not read by themselves.
    """
    logits, peaks = read.logits.copy(), read.peaks.copy()
    pending = _sentences_of_long(texts, tokens)
    while several := list(islice(pending, _AT_ONCE)):
        if is_clean is not None:
            cleared = is_clean([part for _, _, part in several])
            several = list(compress(several, ~cleared))
        found = read_tokens(network, [part for _, _, part in several]).logits[:, _HARMS] - MARGIN
        for (text, place, _), values in zip(several, found, strict=True):
            columns = _HARMS[values > logits[text, _HARMS]]
            logits[text, columns] = values[np.isin(_HARMS, columns)]
            peaks[text, columns] = place
    return Read(logits, peaks, read.tags)


def _sentences_of_long(
    texts: Sequence[str], tokens: Sequence[Tokens]
) -> Iterator[tuple[int, Range, Tokens]]:
    """Yield text, place and word pieces of every sentence of a long text; the same one once a text."""
    for number, (text, pieces) in enumerate(zip(texts, tokens, strict=True)):
        places = sentences(text) if len(pieces) > LONG else []
        if len(places) > 1:
            for place in {text[each[0] : each[1]]: each for each in reversed(places)}.values():
                part = part_of(pieces, place)
                if len(part):
                    yield number, place, part


def deciding_sentences(
    network: Network,
    texts: Mapping[int, str],
    tokens: Mapping[int, Tokens],
    windows: Mapping[tuple[int, int], Range],
) -> dict[tuple[int, int], Range]:
    """Return for each text and score the sentence that decided.

    Args:
        network: What computes the logits.
        texts: By any number.
        tokens: The word pieces of each of `texts`.
        windows: Number of a text and column of a score, to the characters of the window that decided.
    """
    cut = {number: sentences(texts[number]) for number in {number for number, _ in windows}}
    inside = {key: _inside(cut[key[0]], window) for key, window in windows.items()}
    candidates = {(key[0], place): None for key, places in inside.items() for place in places}
    parts = {key: part_of(tokens[key[0]], key[1]) for key in candidates}
    keys = [key for key, part in parts.items() if len(part)]
    logits = dict(zip(keys, read_tokens(network, [parts[key] for key in keys]).logits, strict=True))
    chosen: dict[tuple[int, int], Range] = {}
    for (number, column), places in inside.items():
        options = [each for each in places if (number, each) in logits]
        if options:
            chosen[number, column] = _best(options, [logits[number, a][column] for a in options])
    return chosen


def _inside(cut: Sequence[Range], window: Range) -> list[Range]:
    """Return the sentences, or their parts, that lie in `window`."""
    first = bisect_right(cut, window[0], key=lambda each: each[1])
    last = bisect_left(cut, window[1], key=lambda each: each[0])
    return [(max(start, window[0]), min(end, window[1])) for start, end in cut[first:last]]


def _best(options: Sequence[Range], values: Sequence[np.float32]) -> Range:
    return options[int(np.argmax(np.array(values)))]


def part_of(tokens: Tokens, place: Range) -> Tokens:
    """Return the word pieces that lie in `place`."""
    inside = slice(
        int(np.searchsorted(tokens.starts, place[0])),
        int(np.searchsorted(tokens.ends, place[1], side="right")),
    )
    columns = (tokens.ids, tokens.shapes, tokens.starts, tokens.ends, tokens.words)
    return Tokens(*(each[inside] for each in columns))
