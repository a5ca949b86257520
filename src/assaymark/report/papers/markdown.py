"""
A paper as Markdown that any reader shows alike.

tests/report/papers/test_markdown.py
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.report.markdown_inline import escape, inline
from assaymark.report.papers.paper import (
    Block,
    Field,
    Heading,
    Paper,
    Paragraph,
    Table,
)


def render(paper: Paper) -> str:
    """Return `paper` as Markdown."""
    return "\n\n".join(_block(each, paper.to_complete) for each in paper.blocks) + "\n"


def _block(block: Block, to_complete: str) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {inline(block.text)}"
    if isinstance(block, Paragraph):
        return inline(block.text)
    if isinstance(block, Table):
        return "\n".join(_table(block))
    return "\n".join(_field(block, to_complete))


def _table(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(map(inline, table.head))} |"
    yield f"|{' --- |' * len(table.head)}"
    for row in table.rows:
        yield f"| {' | '.join(map(inline, row))} |"


def _field(field: Field, to_complete: str) -> Iterator[str]:
    yield f"**{escape(field.label)}**"
    yield ""
    for each in field.answers:
        yield f"- {inline(each.text)} ({inline(each.source)})"
    if field.is_open:
        what = f": {inline(field.remains)}" if field.remains else ""
        yield f"- ☐ *{escape(to_complete)}*{what}"
    elif not field.answers:
        yield "- none given"
