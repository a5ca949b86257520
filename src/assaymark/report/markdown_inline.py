"""
Our sentences as Markdown within a line.

Nothing from outside is Markdown: names stand in code, everything else is escaped. So no name can end a table
cell, open a tag, mention a person or link to a page.

tests/report/test_markdown.py and tests/report/test_hostile_names.py hold that.
"""

from __future__ import annotations

import re

from assaymark.report.display_text import parts

_PLAIN_CODE = re.compile(r"(?!.*(?:://|www\.))[A-Za-z0-9 ./_,=+%:*()#~-]+", re.IGNORECASE)
_SPECIAL = re.compile(
    r"^-|[^\w\s.,;:()/%'…-]|_"
    r"|(?<!\d):(?=\S)|:(?=[^\s\d])"  # emoji and links, not times
    r"|(?<=\bwww)\.|(?<=\bGH)-",
    re.IGNORECASE,
)


def inline(sentence: str) -> str:
    """Return one of our sentences as Markdown: names as code, the rest escaped."""
    return "".join(code(text) if is_name else escape(text) for text, is_name in parts(sentence))


def code(shown: str) -> str:
    """Return a name that went through `display_text.name` as code."""
    if _PLAIN_CODE.fullmatch(shown) and shown.strip():
        return f"`{shown}`"
    # A code tag, because between backticks nothing can be escaped, and a bar ends a table cell even there.
    return f"<code>{_SPECIAL.sub(_entity, shown)}</code>"


def escape(text: str) -> str:
    """Return words in which nothing is Markdown, HTML, a mention or a link."""
    # GitHub looks for mentions after it has resolved entities; a zero-width space keeps the two apart.
    return re.sub(r"&#(64|35);", "&#\\1;&#8203;", _SPECIAL.sub(_entity, text))


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match.group())};"
