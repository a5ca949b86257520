"""
The `html` view: character references read as the characters they stand for.

References that stand for what no value consists of (`&lt;`, `&nbsp;`, `&eacute;`) stay: they are in every
page, and decoding them would only make every page be read twice. `&amp;` is followed as far as it hides
another reference.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from assaymark.detectors.views.decoding import Decoded, shown
from assaymark.detectors.views.offsets import Seen
from assaymark.detectors.views.view import View

_REFERENCE = re.compile(
    r"&(?:amp;){0,8}(#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{1,31}(?=;));?"
)


def see(text: str) -> Seen | None:
    """Return `text` with references resolved."""
    return shown(text, _resolved(text)) if "&" in text else None


def _resolved(text: str) -> Iterator[Decoded]:
    for match in _REFERENCE.finditer(text):
        value = html.unescape(f"&{match[1]};")
        if len(value) == 1:
            yield Decoded(*match.span(), value)


HTML = View(
    name="html",
    summary="character references such as `&#52;` and `&commat;`",
    trigger=r"&(?:amp;)*(?:#[0-9xX]|[A-Za-z])",
    signs="&",
    is_led_by_sign=True,
    see=see,
)
