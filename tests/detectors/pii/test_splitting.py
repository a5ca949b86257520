"""Words run by run: exactly those of spaCy's tokenizer."""

from __future__ import annotations

from functools import cache

import pytest
import spacy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spacy.tokenizer import Tokenizer

from assaymark.detectors.pii import splitting
from assaymark.detectors.pii.splitting import KnownWord, Splitter
from assaymark.detectors.pii.vocabulary import TOKENIZERS

LANGUAGES = sorted(set(TOKENIZERS.values()))


@cache
def pipeline(language: str) -> spacy.language.Language:
    """Return spaCy's tokenizer for the language."""
    return spacy.blank(language)


@cache
def splitter(language: str) -> Splitter:
    """Return ours, which keeps runs from one example to the next."""
    made = spacy.blank(language)
    return Splitter(made, lambda key: KnownWord(made.vocab.strings[key], ()))


@cache
def exceptions(language: str) -> list[str]:
    """Return what the tokenizer splits in a way of its own."""
    tokenizer = pipeline(language).tokenizer
    return sorted(tokenizer.rules) if type(tokenizer) is Tokenizer else ["don't"]


def expected(language: str, text: str) -> list[tuple[int, int, KnownWord]]:
    """Return the words that spaCy makes."""
    return [
        (each.idx, each.idx + len(each), KnownWord(each.text, ()))
        for each in pipeline(language)(text)
    ]


_white = st.sampled_from([" ", " ", " ", "", "  ", "\n", "\t ", " \n", "\u00a0", "\u2028", "\x1c"])
_odd = st.text(st.sampled_from("abcAB.,:;()-'\"!?/@#$%&*<>=^_~019 \u2019\u00a0\n\u0301\u200b"))


@st.composite
def texts(draw: st.DrawFn, language: str) -> str:
    """Exceptions, whole and with white space inside, glued to punctuation, and anything else."""
    exception = st.sampled_from(exceptions(language))
    torn = st.tuples(exception, _white).map(lambda each: each[1].join(each[0]))
    half = st.tuples(exception, st.integers(1, 4), _white).map(
        lambda each: each[0][: each[1]] + each[2] + each[0][each[1] :]
    )
    piece = st.one_of(exception, torn, half, _odd, st.text(max_size=8))
    pieces = draw(st.lists(st.tuples(piece, _white), max_size=6))
    return "".join(one + white for one, white in pieces)


@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_words_are_those_of_spacy(data: st.DataObject) -> None:
    """In the language that has the most exceptions in use."""
    text = data.draw(texts("en"))

    assert splitter("en").words(text) == expected("en", text)


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_words_are_those_of_spacy_in_every_language(data: st.DataObject) -> None:
    """Also where the tokenizer is of another kind."""
    language = data.draw(st.sampled_from(LANGUAGES))
    text = data.draw(texts(language))

    assert splitter(language).words(text) == expected(language, text)


@pytest.mark.parametrize("text", ["(╯°□°\uff09╯︵┻━┻:) )", "x:) )", ":) )", ": ) )", "a :)\n) b"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_exception_in_a_run_may_give_way_to_a_longer_one(language: str, text: str) -> None:
    """`:)` ends a run, and the tokenizer looks for `:))` over white space first."""
    assert splitter(language).words(text) == expected(language, text)


@given(text=st.text(st.sampled_from(" \n\t\u00a0a"), max_size=12))
@example(text="")
@example(text=" ")
@example(text=" a")
@example(text="a ")
@example(text="a  b")
@example(text="  a\n b\t\u00a0 ")
def test_white_space_is_split_as_spacy_does(text: str) -> None:
    """One space ends a word; whatever else there is, is a word."""
    assert splitter("en").words(text) == expected("en", text)


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither many nor long runs are kept, and the words are the same."""
    monkeypatch.setattr(splitting, "_MOST_RUNS", 10)
    made = Splitter(pipeline("en"), lambda key: KnownWord(str(key), ()))
    long = "x" * 65

    for start in range(0, 100, 5):
        made.words(f"{long} " + " ".join(map(str, range(start, start + 5))))

    assert len(made._runs) <= 15
    assert long not in made._runs


def test_a_text_that_is_too_long_for_spacy_is_too_long() -> None:
    """With its error."""
    with pytest.raises(ValueError, match="1000000"):
        splitter("en").words("a " * 500_001)
