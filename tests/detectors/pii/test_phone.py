"""Phone numbers: the shortened search against `phonenumbers`' own, region by region."""

from __future__ import annotations

import random

import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata, PhoneNumberMatcher
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from assaymark.detectors.pii.patterns.compiled import compile_prefilter
from assaymark.detectors.pii.patterns.phone import PhoneSource
from assaymark.detectors.pii.patterns.phone_search import PhoneSearch, QuickPhoneRecognizer

PRESIDIO = tuple(PhoneRecognizer.DEFAULT_SUPPORTED_REGIONS)
EVERYWHERE = sorted(phonenumbers.SUPPORTED_REGIONS)


def outer(text: str, regions: tuple[str, ...], leniency: int) -> list[tuple[int, int]]:
    """Return the matches in all regions, without those inside another one."""
    spans = {
        (each.start, each.end)
        for code in regions
        for each in PhoneNumberMatcher(text, code, leniency=leniency)
    }
    return sorted(
        (start, end)
        for start, end in spans
        if not any(a <= start and end <= b and (a, b) != (start, end) for a, b in spans)
    )


@st.composite
def numbers(draw: st.DrawFn, regions: tuple[str, ...] = PRESIDIO) -> str:
    """A number as some region writes it, with some digits changed, or digits and punctuation."""
    if draw(st.booleans()):
        return draw(
            st.text(st.sampled_from("0123456789" * 3 + " -./()+x,;~\uff11\u0663"), max_size=24)
        )
    code = draw(st.sampled_from(regions))
    kind = draw(st.integers(0, 10))
    made = phonenumbers.example_number_for_type(code, kind) or phonenumbers.example_number(code)
    if made is None:
        return "1"
    written = list(phonenumbers.format_number(made, draw(st.integers(0, 3))))
    rng = random.Random(draw(st.integers(0, 1 << 16)))
    return "".join(
        str(rng.randrange(10)) if each.isdigit() and rng.random() < 0.2 else each
        for each in written
    )


_between = st.sampled_from(["", " ", " or ", "/x", "\n", ":30 ", "$", "a", "(", " / "])


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(st.tuples(_between, numbers()), max_size=4),
    end=_between,
    leniency=st.sampled_from([1, 1, 1, 0, 2, 3]),
)
@example(parts=[(" ", "4111 1111 1111 1111")], end="", leniency=1)
@example(parts=[("", "1" * 45)], end="", leniency=1)
@example(parts=[("", "2012-01-02 08:00 212-555-0147")], end="", leniency=1)
def test_the_search_finds_what_the_library_finds(
    parts: list[tuple[str, str]], end: str, leniency: int
) -> None:
    """Presidio's eight regions, every strictness."""
    text = "".join(a + b for a, b in parts) + end

    assert PhoneSearch(PRESIDIO, leniency).spans(text) == outer(text, PRESIDIO, leniency)


@settings(max_examples=300, deadline=None)
@example("+1 212 555 0123")
@example("1+1 212 555 0123a")
@example("+49 0 30 123456")
@example("+39 06 1234 5678")
@example("+999 212 555 0123")
@example("+0 212 555 0123")
@given(
    text=st.builds(
        lambda code, digits, gaps, before, behind: (
            before
            + "+"
            + "".join(map("".join, zip(f"{code}{digits}", gaps, strict=False)))
            + behind
        ),
        st.sampled_from([1, 7, 39, 44, 49, 55, 91, 372, 800, 999, "0", ""]),
        st.integers(0, 10**11).map(str) | st.sampled_from(["2125550123", "0612345678", "30123456"]),
        st.lists(
            st.sampled_from(["", "", "", "", " ", "-", ".", "/", "(", ")", " - "]), min_size=20
        ),
        _between,
        _between,
    )
)
def test_behind_a_plus_sign_the_country_decides(text: str) -> None:
    """Such numbers are not parsed where digits tell; what is found is what the library finds."""
    search = PhoneSearch(PRESIDIO, 1)

    assert search.spans(text) == outer(text, PRESIDIO, 1)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_regions_may_be_chosen(data: st.DataObject) -> None:
    """All the world's, in any combination."""
    regions = tuple(data.draw(st.lists(st.sampled_from(EVERYWHERE), min_size=1, max_size=3)))
    text = data.draw(numbers(regions)) + data.draw(_between) + data.draw(numbers(regions))

    assert PhoneSearch(regions, 1).spans(text) == outer(text, regions, 1)


@settings(max_examples=80, deadline=None)
@given(texts=st.lists(st.tuples(_between, numbers()).map("".join), max_size=5))
def test_the_prefilter_passes_no_number_over(texts: list[str]) -> None:
    """A text that is not named has no number in it."""
    named = dict(_PREFILTER.hits(pa.array(texts, pa.large_string())))

    for index, text in enumerate(texts):
        if index not in named:
            assert outer(text, PRESIDIO, 1) == []


_PREFILTER = compile_prefilter([PhoneSource(PRESIDIO, 1)])


def test_the_recognizer_answers_as_its_parent() -> None:
    """Entities, offsets and scores; the region is left open."""
    text = "212-555-0147, +44 20 7946 0958 or (030) 123 45 678 x12"
    kinds = (PhoneRecognizer, QuickPhoneRecognizer)

    theirs, ours = (
        sorted((each.start, each.end, each.score, each.entity_type) for each in made)
        for made in (kind().analyze(text, ["PHONE_NUMBER"]) for kind in kinds)
    )

    assert ours == theirs
    assert len(ours) == 3


def test_a_text_that_the_library_gives_up_is_searched_as_it_does() -> None:
    """After 65,535 tries `phonenumbers` stops; what it does not find, we do not find either."""
    text = "1/1 " * 17_000 + "212-555-0147"

    assert PhoneSearch(("US",), 1).spans(text) == outer(text, ("US",), 1)


def test_an_unknown_region_takes_international_numbers_only() -> None:
    """As the library has it."""
    text = "+1 212 555 0147 and 212 555 0148"

    assert PhoneSearch(("ZZ",), 1).spans(text) == outer(text, ("ZZ",), 1) == [(0, 15)]


@pytest.mark.parametrize("code", EVERYWHERE)
def test_no_national_number_is_shorter_than_thought(code: str) -> None:
    """The prefilter asks for four digits at least, or a country code and as many."""
    lengths = PhoneMetadata.metadata_for_region(code, None).general_desc.possible_length

    assert min(each for each in lengths if each > 0) >= 4
