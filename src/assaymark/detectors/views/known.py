"""Which views there are, in the order in which they are taken."""

from __future__ import annotations

from assaymark.detectors.views.base64 import BASE64
from assaymark.detectors.views.broken import BROKEN
from assaymark.detectors.views.escapes import ESCAPES
from assaymark.detectors.views.html import HTML
from assaymark.detectors.views.inserted import INSERTED
from assaymark.detectors.views.paths import PATHS
from assaymark.detectors.views.percent import PERCENT
from assaymark.detectors.views.spaced import SPACED
from assaymark.detectors.views.spelled import SPELLED
from assaymark.detectors.views.unicode import UNICODE
from assaymark.detectors.views.view import View

VERSION = "2"
"""Raise it whenever a view may see another text."""

CHARACTER_VIEWS: tuple[View, ...] = (HTML, PERCENT, ESCAPES, UNICODE)
"""Undo what was done to single characters; what they leave alone stays the value it was."""

ENVELOPE_VIEWS: tuple[View, ...] = (BASE64,)
"""Open what may be a value itself, such as a token, so that the text is also read unopened."""

JOINING_VIEWS: tuple[View, ...] = (INSERTED, SPELLED, SPACED, BROKEN, PATHS)
"""Put values together, and with them now and then what belongs apart; the last one cuts them off paths."""

VIEWS: dict[str, View] = {
    each.name: each for each in (*CHARACTER_VIEWS, *ENVELOPE_VIEWS, *JOINING_VIEWS)
}
