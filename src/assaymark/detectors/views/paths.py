"""
The `paths` view: addresses of mail behind a slash, a question mark or a number sign.

A local part may hold these marks (RFC 5322, section 3.2.3), so a pattern takes `users/jane@example.org` for
one address, and whoever reads that as a web address finds the domain `users`. In this view the address begins
behind the mark.

tests/detectors/views/test_joining.py shows it.
"""

from __future__ import annotations

import re

from assaymark.detectors.views.offsets import Rewriting, Seen
from assaymark.detectors.views.view import View

_ADDRESS = re.compile(r"[/?#][^\s/?#@]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2}")

PATTERNS = (_ADDRESS,)
"""What is cut matches this, and nothing else decides about it."""


def see(text: str) -> Seen | None:
    """Return `text` with a blank for the last mark before each address."""
    if "@" not in text:
        return None
    result = Rewriting(text)
    for match in _ADDRESS.finditer(text):
        result.replace(match.start(), match.start() + 1, " ")
    return result.seen()


PATHS = View(
    name="paths",
    summary="addresses of mail behind a slash or a question mark, as in `users/jane@…`",
    trigger=r"[/?#][^ \t\r\n/?#@]+@[A-Za-z0-9-]+\.",
    signs="@",
    see=see,
)
