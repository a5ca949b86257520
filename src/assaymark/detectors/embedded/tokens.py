"""
From texts to token ids and letter shapes. Training and runtime both use this module, so they agree.

* Offsets are code points of the original text, whatever was normalised on the way.
* Letters of other scripts that look Latin are read as the Latin ones, and invisible characters are
  dropped: they are how people get around filters. Texts truly in another script never come here; see
  `language.py`.
* A text's tokens depend on nothing but the text. Words that look like `[CLS]` are ordinary text.
* Time is linear: a word of more than 100 characters is one unknown token.

The word pieces are BERT's uncased vocabulary. Case would be lost, so each token carries the shape of
its word.

tests/detectors/embedded/test_tokens.py compares with BERT's own tokenizer and holds the offsets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Encoding, Tokenizer

LOWER, INITIAL, CAPITALS, LETTER, MIXED, DIGITS, ALPHANUMERIC, SYMBOL, HIDDEN = range(9)
"""Shapes of a word: lower case or caseless, Initial, CAPITALS, one capital, miXed, 12, b2, `!`."""

SHAPES = 9
"""How many shapes there are. `HIDDEN` stands at special tokens, and where training hides the case."""

LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405"
    "\u03b1\u03bf\u03c1\u03bd\u03b9\u03ba\u0391\u0392\u0395\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a7"
    "\u0131\u0261\u0251\u2019\u2018\u02bc\u00b4\u201c\u201d",
    "aeopcyxijshdqw" + "ABEKMHOPCTYXIJS" + "aopvikABEHIKMNOPTX" + "iga'''" + "'" + '""',
)
"""Cyrillic, Greek and typographic characters to the ASCII ones they are mistaken for, one to one."""

_TABLE = 0x2000  # code points whose letter class is looked up; above it nearly nothing has case


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one text, without special ones."""

    ids: NDArray[np.int64]
    """Shape (n,), indices into the vocabulary."""

    shapes: NDArray[np.int64]
    """Shape (n,), the letter shape of the word that each token belongs to."""

    starts: NDArray[np.int64]
    """Shape (n,), first character of each token in the original text."""

    ends: NDArray[np.int64]
    """Shape (n,), one past the last character."""

    words: NDArray[np.int64]
    """Shape (n,), number of the word that each token belongs to, counted from 0."""

    def __len__(self) -> int:
        """Return how many tokens there are."""
        return len(self.ids)


def build_tokenizer(vocabulary: Sequence[str]) -> Tokenizer:
    """Build the tokenizer from word pieces in the order of their ids.

    Returns:
        A tokenizer without padding, truncation and special tokens.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    pieces = {piece: index for index, piece in enumerate(vocabulary)}
    tokenizer: Tokenizer = Tokenizer(
        models.WordPiece(pieces, unk_token="[UNK]", max_input_chars_per_word=100)  # noqa: S106 - a word piece
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.BertNormalizer(lowercase=True, strip_accents=True)]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def straightened(text: str) -> str:
    """Return `text` with Latin letters for those that look like them."""
    return text if text.isascii() else text.translate(LOOKALIKES)


def tokenize(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Tokens]:
    """Return the tokens of each text."""
    return with_shapes(texts, encode(tokenizer, texts))


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Encoding]:
    """Cut texts into word pieces, without their shapes: a fifth of the work."""
    straight = [straightened(text) for text in texts]
    encodings: list[Encoding] = tokenizer.encode_batch(straight, add_special_tokens=False)
    return encodings


def with_shapes(texts: Sequence[str], encodings: Sequence[Encoding]) -> list[Tokens]:
    """Return the tokens of `texts`, which `encode` cut; all at once, which costs a fraction of one by one."""
    straight = [straightened(text) for text in texts]
    sizes = [len(each) for each in encodings]
    ids = _joined([each.ids for each in encodings])
    words = _joined([each.word_ids for each in encodings])
    offsets = _joined([each.offsets for each in encodings]).reshape(-1, 2)
    begins = np.cumsum([0, *sizes])
    is_first = np.diff(words, prepend=-1) != 0
    is_first[begins[:-1][np.array(sizes, np.int64) > 0]] = True
    first = np.flatnonzero(is_first)
    last = np.append(first, len(words))[1:] - 1
    # Where each text starts among all characters.
    before = np.repeat(np.cumsum([0, *map(len, straight)])[:-1], sizes)
    starts, ends = offsets[:, 0], offsets[:, 1]
    of_word = _shapes("".join(straight), (starts + before)[first], (ends + before)[last])
    shapes = np.repeat(of_word, last - first + 1)
    return [
        Tokens(ids[part], shapes[part], starts[part], ends[part], words[part])
        for part in (slice(a, b) for a, b in pairwise(begins.tolist()))
    ]


def _joined(parts: Sequence[Sequence[Any]]) -> NDArray[np.int64]:
    return np.array(list(chain.from_iterable(parts)), np.int64)


@cache
def _letter_classes() -> NDArray[np.uint8]:
    """Return for each code point below `_TABLE`: 1 capital, 2 other letter, 3 digit, 0 anything else."""
    table = np.zeros(_TABLE + 1, np.uint8)
    for code in range(_TABLE):
        character = chr(code)
        if character.isupper():
            table[code] = 1
        elif character.isalpha():
            table[code] = 2
        elif character.isdigit():
            table[code] = 3
    table[_TABLE] = 2
    return table


def _shapes(text: str, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the shape of each word, given as code point offsets into `text`."""
    if not len(starts):
        return np.zeros(0, np.int64)
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    classes = _letter_classes()[np.minimum(codes, _TABLE)]
    counts = []
    for kind in (1, 2, 3):
        running = np.concatenate(([0], np.cumsum(classes == kind)))
        counts.append(running[ends] - running[starts])
    capitals, lower, digits = counts
    starts_capital = classes[np.minimum(starts, len(classes) - 1)] == 1
    letters = capitals + lower
    shape = np.full(len(starts), LOWER, np.int64)
    shape[starts_capital & (capitals == 1) & (lower > 0)] = INITIAL
    shape[(capitals > 1) & (lower == 0)] = CAPITALS
    shape[(capitals == 1) & (lower == 0)] = LETTER
    shape[(capitals > 1) & (lower > 0)] = MIXED
    shape[(capitals == 1) & (lower > 0) & ~starts_capital] = MIXED
    shape[(digits > 0) & (letters > 0)] = ALPHANUMERIC
    shape[(digits > 0) & (letters == 0)] = DIGITS
    shape[(digits == 0) & (letters == 0)] = SYMBOL
    return shape
