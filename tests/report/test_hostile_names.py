"""Whatever the user's names hold, no form breaks, runs it, hides it or grows without end."""

from __future__ import annotations

import json
import re

import pytest
from lxml import etree
from lxml import html as parser
from markdown_it import MarkdownIt

from assaymark.report import html, markdown, text
from assaymark.report.json_summary import summarise
from assaymark.report.view import Report
from assaymark.report.write import render_all

OUR_TAGS = {"details", "/details", "summary", "/summary", "code", "/code", "br"}


def test_every_form_is_bounded(hostile_report: Report) -> None:
    """A name of ten thousand characters does not fill a report."""
    for file, data in render_all(hostile_report).items():
        assert len(data) < 120_000, file
    assert len(text.render(hostile_report)) < 20_000


def test_no_form_holds_characters_that_hide_or_turn(hostile_report: Report) -> None:
    """Control characters, direction marks and zero-width characters are shown as their code points."""
    forms = render_all(hostile_report) | {"terminal": text.render(hostile_report).encode()}

    for file, data in forms.items():
        shown = data.decode()
        hidden = {each for each in shown if not each.isprintable()} - {"\n"}
        assert hidden == set(), file


def test_the_page_holds_no_markup_from_outside(hostile_report: Report) -> None:
    """Every element of the page is of a kind that the template has, and none can act."""
    page = parser.document_fromstring(html.render(hostile_report))
    calm = parser.document_fromstring(html.render(hostile_report).replace("alert", "calm"))

    assert page.xpath("//script|//img|//iframe|//form|//link") == []
    assert page.xpath("//@*[starts-with(name(), 'on')]|//@style|//@src") == []
    assert all(each.startswith("#") for each in page.xpath("//@href"))
    assert len(page.xpath("//*")) == len(calm.xpath("//*"))
    assert "{{" not in re.sub(r"\{\{ 7\*7 \}\}", "", html.render(hostile_report))


def test_the_comment_holds_no_markup_from_outside(hostile_report: Report) -> None:
    """A Markdown parser finds our own tags, our own headings, and no link, picture or emphasis."""
    comment = markdown.render(hostile_report)
    tokens = MarkdownIt("commonmark").enable("table").parse(comment)
    inner = [child for each in tokens for child in each.children or []]
    tags = {
        tag
        for each in [*tokens, *inner]
        if each.type in {"html_inline", "html_block"}
        for tag in re.findall(r"<(/?\w+)", each.content)
    }

    assert tags <= OUR_TAGS
    assert not {each.type for each in inner} & {
        "link_open",
        "image",
        "em_open",
        "s_open",
        "autolink",
    }
    assert sum(each.type == "heading_open" for each in tokens) == 1
    assert not re.search(r"@\w|(?<![&\w])#\d|https?://|www\.", comment)


def test_every_line_of_a_table_has_its_cells(hostile_report: Report) -> None:
    """A bar in a name ends no cell."""
    rows = [each for each in markdown.render(hostile_report).splitlines() if each.startswith("|")]

    assert rows
    assert {each.count("|") for each in rows} == {6}


def test_the_terminal_gets_no_codes(hostile_report: Report) -> None:
    """A name cannot colour, clear or rewrite the screen, and lines keep their width."""
    shown = text.render(hostile_report, color=False, files=["out/report.html"])

    assert "\x1b" not in shown
    assert max(len(line) for line in shown.splitlines()) <= text.WIDTH


def test_machine_forms_parse(hostile_report: Report) -> None:
    """JSON and XML stay JSON and XML."""
    forms = render_all(hostile_report)

    json.loads(forms["report.sarif"])
    json.loads(forms["report.oscal.json"])
    etree.fromstring(forms["report.junit.xml"])
    json.dumps(summarise(hostile_report))


@pytest.mark.parametrize("form", ["report.html", "report.md", "report.junit.xml"])
def test_a_script_tag_is_never_written(hostile_report: Report, form: str) -> None:
    """Not even as text: a careless reader of the file has nothing to run."""
    assert b"<script" not in render_all(hostile_report)[form]
    assert b"<img" not in render_all(hostile_report)[form]
