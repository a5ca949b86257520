"""A paper as Markdown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assaymark.report.papers.markdown import render
from assaymark.report.papers.paper import (
    Answer,
    Heading,
    Paper,
    Paragraph,
    Table,
    field,
    named,
    said,
)

PAPER = Paper(
    (
        Heading(1, "A title"),
        Paragraph("One sentence about `rows.jsonl`."),
        Table(("of", "digest"), (("`a|b`", "`12`"),)),
        field("Answered", [Answer("`x`", "measured")]),
        field("Half answered", [Answer("`x`", "`card.md`")], remains="the rest"),
        field("Open"),
        field("Left out", optional=True),
    ),
    "to be completed",
)


def test_the_whole_of_a_paper() -> None:
    """Answers with their sources, open fields marked, optional ones said to be empty."""
    assert (
        render(PAPER)
        == """\
# A title

One sentence about `rows.jsonl`.

| of | digest |
| --- | --- |
| <code>a&#124;b</code> | `12` |

**Answered**

- `x` (measured)

**Half answered**

- `x` (`card.md`)
- ☐ *to be completed*: the rest

**Open**

- ☐ *to be completed*

**Left out**

- none given
"""
    )


def test_open_fields_are_counted() -> None:
    """Half an answer is open; an optional field never is."""
    assert (PAPER.open_fields, PAPER.fields) == (2, 4)


def test_equal_answers_are_one_from_several_places() -> None:
    """Two documents that agree are said once."""
    merged = field("Name", [Answer("`x`", "`a`"), Answer("`x`", "`b`"), Answer("`y`", "`a`")])

    assert merged.answers == (Answer("`x`", "`a`, `b`"), Answer("`y`", "`a`"))


@given(st.text(max_size=60))
def test_no_text_from_outside_is_markdown(text: str) -> None:
    """It opens no tag, no link and no heading, and stays inside its own paragraph."""
    paper = Paper((field("Name", [Answer(said(text), named(text))]),), "open")

    tokens = MarkdownIt("commonmark").parse(render(paper))

    kinds = [each.type for each in tokens]
    inside = [each for token in tokens for each in token.children or ()]
    assert kinds.count("paragraph_open") == 2
    assert {"heading_open", "html_block", "fence"}.isdisjoint(kinds)
    assert {each.type for each in inside} <= {
        *(
            "text",
            "strong_open",
            "strong_close",
            "code_inline",
            "html_inline",
            "em_open",
            "em_close",
        ),
    }
    assert {e.content for e in inside if e.type == "html_inline"} <= {"<code>", "</code>"}
