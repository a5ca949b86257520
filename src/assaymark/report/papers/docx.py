"""
A paper as a Word document: the smallest Office Open XML package that word processors open.

* Equal papers give equal bytes: there is no clock, and the parts have one date.
* Text is escaped as XML, and what XML cannot hold is replaced, so no name breaks the document.
* What has to be completed is highlighted; what came from outside is in another face.

Written here and not by a library, because a library would bring lxml and its own clock for five small parts.
Source: ECMA-376, parts 1 (WordprocessingML) and 2 (Open Packaging Conventions).

tests/report/papers/test_docx.py reads it back with python-docx.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from xml.sax.saxutils import escape

from assaymark.report.display_text import parts
from assaymark.report.papers.docx_parts import FIXED_PARTS, document_xml
from assaymark.report.papers.paper import (
    Block,
    Field,
    Heading,
    Paper,
    Paragraph,
    Table,
)

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP entry can have
_STYLES = {1: "Title", 2: "Heading1", 3: "Heading2", 4: "Heading3"}


def render(paper: Paper) -> bytes:
    """Return `paper` as the bytes of a `.docx` file."""
    body = "".join(_block(each, paper.to_complete) for each in paper.blocks)
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, content in {**FIXED_PARTS, "word/document.xml": document_xml(body)}.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, content)
    return out.getvalue()


def _block(block: Block, to_complete: str) -> str:
    if isinstance(block, Heading):
        return _paragraph(_runs(block.text), _STYLES[block.level])
    if isinstance(block, Paragraph):
        return _paragraph(_runs(block.text))
    if isinstance(block, Table):
        return _table(block)
    return "".join(_field(block, to_complete))


def _field(field: Field, to_complete: str) -> Iterator[str]:
    yield _paragraph(_runs(field.label, "<w:b/>"), "FieldLabel")
    for each in field.answers:
        runs = _runs(each.text) + _runs(f" ({each.source})", '<w:color w:val="595959"/>')
        yield _paragraph(runs, "FieldAnswer")
    if field.is_open:
        said = to_complete + (f": {field.remains}" if field.remains else "")
        yield _paragraph(_runs(f"☐ {said}", '<w:highlight w:val="yellow"/>'), "FieldAnswer")
    elif not field.answers:
        yield _paragraph(_runs("none given"), "FieldAnswer")


def _table(table: Table) -> str:
    head = "".join(_cell(_runs(each, "<w:b/>")) for each in table.head)
    rows = "".join(
        f"<w:tr>{''.join(_cell(_runs(each)) for each in row)}</w:tr>" for row in table.rows
    )
    # The last column has what is longest, such as digests.
    grid = '<w:gridCol w:w="2400"/>' * (len(table.head) - 1) + '<w:gridCol w:w="6600"/>'
    return (
        '<w:tbl><w:tblPr><w:tblStyle w:val="Grid"/><w:tblW w:w="5000" w:type="pct"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>"
        f"<w:tr><w:trPr><w:tblHeader/></w:trPr>{head}</w:tr>{rows}</w:tbl>"
        f"{_paragraph('')}"
    )


def _cell(runs: str) -> str:
    return f"<w:tc><w:tcPr/>{_paragraph(runs, 'Cell')}</w:tc>"


def _paragraph(runs: str, style: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}{runs}</w:p>"


def _runs(sentence: str, properties: str = "") -> str:
    return "".join(
        _run(text, '<w:rStyle w:val="Outside"/>' + properties if is_name else properties)
        for text, is_name in parts(sentence)
    )


def _run(text: str, properties: str) -> str:
    clean = escape(_NOT_XML.sub("\ufffd", text))
    held = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{held}<w:t xml:space="preserve">{clean}</w:t></w:r>'
