"""A paper as a Word document, read back by python-docx and as XML."""

from __future__ import annotations

import zipfile
from io import BytesIO

import docx as reference
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from assaymark.report.papers.docx import render
from assaymark.report.papers.paper import Answer, Heading, Paper, Paragraph, field, named, said
from report.papers.test_markdown import PAPER

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def test_the_reference_library_reads_every_word_in_its_style() -> None:
    """Title, text, answers with their sources, and open fields."""
    read = reference.Document(BytesIO(render(PAPER)))

    assert [(each.style.name, each.text) for each in read.paragraphs] == [
        ("Title", "A title"),
        ("Normal", "One sentence about rows.jsonl."),
        ("Normal", ""),
        ("Field label", "Answered"),
        ("Field answer", "x (measured)"),
        ("Field label", "Half answered"),
        ("Field answer", "x (card.md)"),
        ("Field answer", "☐ to be completed: the rest"),
        ("Field label", "Open"),
        ("Field answer", "☐ to be completed"),
        ("Field label", "Left out"),
        ("Field answer", "none given"),
    ]
    assert [[cell.text for cell in row.cells] for row in read.tables[0].rows] == [
        ["of", "digest"],
        ["a|b", "12"],
    ]


def test_what_is_open_is_highlighted_and_what_came_from_outside_is_in_another_face() -> None:
    """So nobody takes either for a word of ours."""
    read = reference.Document(BytesIO(render(PAPER)))

    runs = [run for each in read.paragraphs for run in each.runs]
    assert {run.text for run in runs if run.font.highlight_color is not None} == {
        "☐ to be completed: the rest",
        "☐ to be completed",
    }
    assert {run.text for run in runs if run.style.name == "Outside"} == {
        "rows.jsonl",
        "x",
        "card.md",
    }


def test_headings_make_an_outline() -> None:
    """Word's navigation and screen readers go by it."""
    headings = Paper(tuple(Heading(level, f"level {level}") for level in (1, 2, 3, 4)), "open")

    read = reference.Document(BytesIO(render(headings)))

    assert [each.style.name for each in read.paragraphs] == [
        "Title",
        "Heading 1",
        "Heading 2",
        "Heading 3",
    ]


def test_equal_papers_give_equal_bytes() -> None:
    """There is no clock in it, and its parts have one date."""
    written = render(PAPER)

    with zipfile.ZipFile(BytesIO(written)) as package:
        assert {each.date_time for each in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert written == render(PAPER)


@given(st.text(st.characters(codec=None), max_size=60))
def test_no_text_breaks_the_document(text: str) -> None:
    """Not even what XML cannot hold: control characters, half of a surrogate pair."""
    paper = Paper(
        (Paragraph(text), field(text, [Answer(said(text), named(text))], remains=text)), "open"
    )

    with zipfile.ZipFile(BytesIO(render(paper))) as package:
        for each in package.namelist():
            root = etree.fromstring(package.read(each))
    assert root is not None
    reference.Document(BytesIO(render(paper)))
