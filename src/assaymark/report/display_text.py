r"""
Text that came from outside, made fit to be shown.

File names, field names, labels and policy texts are the user's, and may be hostile: a line break that
forges a line, a direction mark that turns a name round, ten thousand characters. Every form shows them
through this module first, and escapes for its own syntax after that.

* Nothing invisible: a character that does not print is shown as its code point, such as `\u202e`.
* Nothing endless: names and prose have a limit, and a cut is marked with an ellipsis.
* Backticks pair up: `name` has none and `prose` an even number. So in the sentences of
  `assaymark.report.wording`, which put names between backticks, a form can tell names from words. What it
  must escape does not depend on that.

tests/report/test_display_text.py and tests/report/test_hostile_names.py hold these.
"""

from __future__ import annotations

import re

NAME_LIMIT = 120  # characters of a name that are shown
PROSE_LIMIT = 800  # characters of a policy author's text that are shown

_CODE = re.compile(r"`([^`]+)`")


def name(text: str, limit: int = NAME_LIMIT) -> str:
    """Return a name to show: one line, nothing invisible, cut in the middle.

    The middle goes because the end of a path says more than its middle.
    """
    # Cut first, so that a huge name costs no more than a long one; escapes may lengthen it again.
    shown = _visible(_cut_middle(text, limit)).replace("`", "\\u0060")
    return _cut_middle(shown, limit)


def prose(text: str, limit: int = PROSE_LIMIT) -> str:
    """Return a paragraph to show: white space folded, nothing invisible, cut at the end."""
    shown = _visible(" ".join(text[: 4 * limit].split()))
    if len(shown) > limit:
        shown = f"{shown[: limit - 1]}…"
    return shown if shown.count("`") % 2 == 0 else shown.replace("`", "'")


def parts(sentence: str) -> list[tuple[str, bool]]:
    """Split `sentence` into its parts, each with whether it stood between backticks."""
    pieces = _CODE.split(sentence)
    return [(piece, index % 2 == 1) for index, piece in enumerate(pieces) if piece]


def quoted(text: str) -> str:
    """Return `text` as a name between backticks."""
    return f"`{name(text)}`"


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)


def _cut_middle(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    tail = limit // 2
    return f"{text[: limit - tail - 1]}…{text[-tail:]}"
