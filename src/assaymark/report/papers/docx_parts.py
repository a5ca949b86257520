"""
The parts of a Word document that are the same in each: content types, relations, styles, properties.

Source: ECMA-376, part 2 (Open Packaging Conventions) and part 1, sections 17.7 (styles) and 17.6 (sections).
"""

# ruff: noqa: ISC004 - the pieces of one element stand beside each other
from __future__ import annotations

from collections.abc import Mapping

_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def document_xml(body: str) -> str:
    """Return the main part around `body`: A4, margins of two centimetres and a half."""
    section = (
        '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="1418" w:right="1418" w:bottom="1418" w:left="1418" '
        'w:header="709" w:footer="709" w:gutter="0"/></w:sectPr>'
    )
    return f"{_DECLARATION}<w:document {_WORD}><w:body>{body}{section}</w:body></w:document>"


def _paragraph_style(  # noqa: PLR0913 - what a style consists of
    style: str,
    name: str,
    *,
    size: int,
    before: int = 0,
    after: int = 0,
    bold: bool = False,
    colour: str = "",
    outline: int | None = None,
    indent: int = 0,
    keep: bool = False,
) -> str:
    """Return a paragraph style; sizes in half points, distances in twentieths of a point."""
    runs = ("<w:b/>" if bold else "") + (f'<w:color w:val="{colour}"/>' if colour else "")
    shape = "<w:keepNext/>" if keep else ""
    shape += f'<w:spacing w:before="{before}" w:after="{after}"/>'
    shape += f'<w:ind w:left="{indent}"/>' if indent else ""
    shape += f'<w:outlineLvl w:val="{outline}"/>' if outline is not None else ""
    return (
        f'<w:style w:type="paragraph" w:styleId="{style}"><w:name w:val="{name}"/>'
        f'<w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:qFormat/><w:pPr>{shape}</w:pPr>'
        f'<w:rPr>{runs}<w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr></w:style>'
    )


_STYLES = "".join(
    (
        "<w:docDefaults><w:rPrDefault><w:rPr>"
        '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:eastAsia="Calibri" w:cs="Calibri"/>'
        '<w:sz w:val="21"/><w:szCs w:val="21"/><w:lang w:val="en-GB"/></w:rPr></w:rPrDefault>'
        '<w:pPrDefault><w:pPr><w:spacing w:after="120" w:line="264" w:lineRule="auto"/></w:pPr>'
        "</w:pPrDefault></w:docDefaults>",
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
        "<w:qFormat/></w:style>",
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
        '<w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/></w:style>',
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
        '<w:tblPr><w:tblInd w:w="0" w:type="dxa"/></w:tblPr></w:style>',
        _paragraph_style("Title", "Title", size=40, after=160, bold=True, colour="1F3864"),
        _paragraph_style(
            *("Heading1", "heading 1"),
            size=30,
            before=360,
            after=120,
            bold=True,
            colour="1F3864",
            outline=0,
            keep=True,
        ),
        _paragraph_style(
            *("Heading2", "heading 2"),
            size=25,
            before=280,
            after=100,
            bold=True,
            colour="2F5496",
            outline=1,
            keep=True,
        ),
        _paragraph_style(
            *("Heading3", "heading 3"),
            size=22,
            before=200,
            after=80,
            bold=True,
            colour="2F5496",
            outline=2,
            keep=True,
        ),
        _paragraph_style("FieldLabel", "Field label", size=21, before=140, after=40, keep=True),
        _paragraph_style("FieldAnswer", "Field answer", size=21, after=60, indent=340),
        _paragraph_style("Cell", "Cell", size=19, before=20, after=20),
        '<w:style w:type="character" w:styleId="Outside"><w:name w:val="Outside"/>'
        '<w:rPr><w:rFonts w:ascii="Consolas" w:hAnsi="Consolas" w:cs="Consolas"/>'
        '<w:sz w:val="19"/></w:rPr></w:style>',
        '<w:style w:type="table" w:styleId="Grid"><w:name w:val="Grid"/>'
        '<w:basedOn w:val="TableNormal"/><w:tblPr><w:tblBorders>',
        *(
            f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="A6A6A6"/>'
            for side in ("top", "left", "bottom", "right", "insideH", "insideV")
        ),
        '</w:tblBorders><w:tblCellMar><w:left w:w="85" w:type="dxa"/>'
        '<w:right w:w="85" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>',
    )
)

FIXED_PARTS: Mapping[str, str] = {
    "[Content_Types].xml": (
        f'{_DECLARATION}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_TYPES}.document.main+xml"/>'
        f'<Override PartName="/word/styles.xml" ContentType="{_TYPES}.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
        "</Relationships>"
    ),
    "word/_rels/document.xml.rels": (
        f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    "word/styles.xml": f"{_DECLARATION}<w:styles {_WORD}>{_STYLES}</w:styles>",
}
"""Name of the part to its content."""
