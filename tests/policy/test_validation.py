"""Whatever a settings model of a plug-in refuses, the answer has a place and reads like ours."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from assaymark.marked_yaml import parse_yaml
from assaymark.policy.diagnostics import Diagnostics, SourceText
from assaymark.policy.validation import validate


class Colour(Enum):
    """Two of them."""

    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    """A mapping inside of the settings."""

    model_config = ConfigDict(extra="forbid")

    depth: int = 0
    name: str


class Odd(BaseModel):
    """What a plug-in's settings might hold."""

    model_config = ConfigDict(extra="forbid")

    level: Literal[1, 2] = 1
    colour: Colour = Colour.RED
    since: Annotated[date, Field(ge=date(2020, 1, 1))] = date(2020, 1, 1)
    word: Annotated[str, Field(min_length=3)] = "abc"
    code: Annotated[str, Field(pattern="^[a-z]+$")] = "a"
    inner: Inner = Inner(name="x")
    several: list[Inner] = []
    either: int | list[int] = 1
    flag: bool = False
    whole: int = 1
    address: Annotated[tuple[str, str], Field()] = ("a", "b")


CASES = [
    ("level: 3", "1:8: expected 1 or 2, got the number `3`"),
    ("colour: green", "1:9: expected `red` or `blue`, got the text `green`"),
    ("since: 2019-12-31", "1:8: expected at least 2020-01-01, got the text `2019-12-31`"),
    (
        "since: soon",
        "1:8: input should be a valid date in the format YYYY-MM-DD, input is too short",
    ),
    ("word: ab", "1:7: string should have at least 3 characters"),
    ('word: ""', "1:7: expected text, got nothing"),
    ("code: A1", "1:7: expected text like `^[a-z]+$`, got the text `A1`"),
    ("inner: {name: 5}", "1:15: expected text, got the number `5`"),
    ("inner: {}", "1:8: the key `name` is missing"),
    ("inner: {name: a, dept: 1}", "1:18: unknown key `dept`"),
    ("inner: word", "1:8: expected a mapping, got the text `word`"),
    ("several: [{name: a}, {name: 1.5}]", "1:29: expected text, got the number `1.5`"),
    ("either: {a: 1}", "1:9: expected a whole number, got a mapping"),
    ("flag: 1", "1:7: expected `true` or `false`, got the number `1`"),
    ("flag: null", "1:7: expected `true` or `false`, got nothing"),
    ("whole: 1.5", "1:8: expected a whole number, got the number `1.5`"),
    ("whole: true", "1:8: expected a whole number, got `true`"),
    ("address: [a]", "1:10: an item is missing"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_refusals_have_a_place_and_our_words(text: str, expected: str) -> None:
    """One mistake, one diagnostic, at the value or key that is wrong."""
    diagnostics = Diagnostics()
    reporter = diagnostics.reporter(SourceText.of("x", text.encode()))

    part = validate(Odd, parse_yaml(text.encode()), reporter, settings=True)

    assert part is None
    assert [
        f"{each.mark.line}:{each.mark.column}: {each.message}"
        for each in diagnostics.sorted()
        if each.mark is not None
    ] == [expected]


def test_what_fits_is_returned() -> None:
    """Dates and enumerations are read from text, as JSON has no other way to write them."""
    text = b"colour: blue\nsince: 2021-01-01\neither: [1]\ninner: {name: a}\n"
    diagnostics = Diagnostics()

    part = validate(Odd, parse_yaml(text), diagnostics.reporter(SourceText.of("x", text)))

    assert part == Odd(
        colour=Colour.BLUE, since=date(2021, 1, 1), either=[1], inner=Inner(name="a")
    )
    assert diagnostics.sorted() == ()
