"""What a view is: a way to read a text that a person or a program would also take."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from assaymark.detectors.views.offsets import Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One way to read a text."""

    name: str
    """As policies name it and findings show it."""

    summary: str

    trigger: str
    """RE2 pattern. Where it has no match, `see` returns `None`: a scan over a batch rules most texts out.

    What is beyond ASCII stands in no class with what is not, see `assaymark.detectors.views.triggers`.
    """

    signs: str = ""
    """Characters one of which is in every match; none where nothing is certain."""

    is_led_by_sign: bool = False
    """Whether every match begins with the only sign, so that to look for a match is as quick."""

    is_beyond_ascii: bool = False
    """Whether only texts with other than ASCII characters can have a match, which is quicker to tell."""

    see: Callable[[str], Seen | None]
    """Return the text as seen, `None` where it would be the same. Takes time linear in the text."""

    @property
    def sign(self) -> str:
        """RE2 pattern of one of the `signs`."""
        return "[" + "".join(rf"\x{{{ord(each):x}}}" for each in self.signs) + "]"

    def may_change(self, text: str) -> bool:
        """Return whether the trigger has a match in a short text; it may be said of a few others, too."""
        if self.is_beyond_ascii and text.isascii():
            return False
        if self.signs and _for_one_text(self.sign).search(text) is None:
            return False
        return _for_one_text(self.trigger).search(text) is not None


@cache
def _for_one_text(trigger: str) -> re.Pattern[str]:
    """Return a pattern that matches wherever `trigger` does.

    Python's letters are more than RE2's, which are ASCII, so an edge of a word is not asked for.
    """
    spelled_out = re.sub(r"\\x\{([0-9a-f]+)\}", lambda code: rf"\U{code[1]:0>8}", trigger)
    return re.compile(spelled_out.replace(r"\b", ""))
