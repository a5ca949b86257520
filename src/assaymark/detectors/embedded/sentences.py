"""
Which sentence of a text made it score as it does.

The sentences of the deciding window are read one by one, and the one that scores highest by itself is named.
Only texts that reach 0.5 in some score are looked at again, and only where there is a choice.

tests/detectors/embedded/test_sentences.py
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from assaymark.detectors.embedded.scorer import Network, read_tokens
from assaymark.detectors.embedded.tokens import Tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

Range = tuple[int, int]
"""First character and one past the last one."""

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
    parts = {key: _part(tokens[key[0]], key[1]) for key in candidates}
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


def _part(tokens: Tokens, place: Range) -> Tokens:
    inside: NDArray[np.bool_] = (tokens.starts >= place[0]) & (tokens.ends <= place[1])
    columns = (tokens.ids, tokens.shapes, tokens.starts, tokens.ends, tokens.words)
    return Tokens(*(each[inside] for each in columns))
