r"""
A field that holds JSON, such as the arguments of a tool, on its way, whole or in pieces.

* Each string is decoded and judged as a text of its own, read with the key that it stands under; what is
  replaced is escaped again. Keys are judged too.
* What stands between strings is judged as well: a number that is redacted becomes a string.
* Pieces may end anywhere: within an escape, between the halves of a surrogate pair, within a number.
* What comes out of JSON is JSON, with the same structure.
* What is no JSON is blocked from there on; or, if the policy says so, goes on to be judged as it is.

The streaming law of `assaymark.guard.field` holds, since every string and every stretch between two is a
`TextField`. tests/guard/test_json_field.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Protocol

from assaymark.guard.field import Seen, TextField
from assaymark.guard.json_grammar import JsonGrammar, NotJsonError
from assaymark.guard.lens import Hit, Lapse
from assaymark.guard.rewriting import Region, Rewriter

BAD_JSON = "it is no JSON"

_SPECIAL = re.compile(r'["\\\x00-\x1f]')
_TOKEN = re.compile(r"[-+.0-9A-Za-z]+")
_TOKEN_END = re.compile(r"[-+.0-9A-Za-z]+\Z")
_PLAIN = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_BEGUN = re.compile(r"\\(?:u[0-9a-fA-F]{0,4})?")
_HALF = re.compile("[\ud800-\udfff]")
_HIGH, _LOW = range(0xD800, 0xDC00), range(0xDC00, 0xE000)
_ESCAPE = 6  # characters of an escape with four digits


class FieldOf(Protocol):
    """Makes the fields of which a JSON text consists."""

    def __call__(self, context: str, *, is_literal: bool) -> TextField:
        """Return a field that is read with `context`.

        Args:
            context: The key above it, if there is one.
            is_literal: Whether it is what stands outside of strings.
        """


class LiteralRewriter(Rewriter):
    """Replaces whole numbers and words outside of strings by strings, and nothing of the structure."""

    __slots__ = ()

    def settled(self, text: str) -> int:
        """Return the place before which no continuation changes what is done with final hits."""
        token = _TOKEN_END.search(text)
        return min(Rewriter.settled(self, text), len(text) if token is None else token.start())

    def regions(self, text: str, hits: Iterable[Hit]) -> list[Region]:
        """Return the tokens that are to be changed."""
        wide = [each for each in Rewriter.regions(self, text, hits) if each.operator is not None]
        found: dict[int, Region] = {}
        for region in wide:
            for token in _TOKEN.finditer(text):
                if token.start() < region.end and region.start < token.end():
                    new = region._replace(start=token.start(), end=token.end())
                    known = found.get(token.start(), new)
                    found[token.start()] = new._replace(
                        is_blocked=new.is_blocked or known.is_blocked
                    )
        return [found[each] for each in sorted(found)]

    def replacements(self, text: str, regions: Sequence[Region]) -> list[str]:
        """Return JSON strings."""
        return [json.dumps(each) for each in Rewriter.replacements(self, text, regions)]


class JsonField:
    """Judges one field that holds JSON.

    Args:
        field_of: Makes the fields of strings and of what stands between them.
        refuses: Whether what is no JSON is blocked.
        holds: Whether nothing is returned before the text is whole.
    """

    def __init__(self, field_of: FieldOf, *, refuses: bool, holds: bool = False) -> None:
        self._field_of, self._refuses, self._holds = field_of, refuses, holds
        self._grammar = JsonGrammar(demands=refuses)
        self._parts: list[tuple[str, Seen]] = []
        self._own = Seen()
        self._held_back: list[str] = []
        self._in_string = False
        self._is_key = False
        self._escape = ""
        self._high = ""
        self._content: list[str] = []
        self._left: list[str] = []
        """What has left of the string at work."""
        self._is_empty = True
        self._field = self._begun("", is_literal=True)

    @property
    def blocked(self) -> bool:
        """Whether nothing more leaves."""
        return self._own.blocked or self._field.seen.blocked

    def parts(self) -> Iterator[tuple[str, Seen]]:
        """Yield what was found, with JSON pointers."""
        yield "", self._own
        yield from self._parts

    @property
    def held(self) -> int:
        """How many characters have come and were neither returned nor replaced."""
        return self._field.held + len(self._escape)

    @property
    def at_work(self) -> int:
        """How many characters may be looked at with the next piece or at the end, beside its own."""
        return self._field.at_work

    def hold(self) -> None:
        """Return nothing before the text is whole, and so judge each string once."""
        self._holds = True
        self._field.hold()

    def feed(self, text: str) -> str:
        """Take the next piece; return what may leave."""
        left = "".join(self._fed(text))
        if not self._holds:
            return left
        self._held_back.append(left)
        return ""

    def finish(self) -> str:
        """Say that the text is whole; return the rest."""
        left = "".join([*self._held_back, *self._finished()])
        self._held_back.clear()
        return left

    def _fed(self, text: str) -> Iterator[str]:
        at = 0
        try:
            while at < len(text) and not self._is_over():
                if self._in_string:
                    end = yield from self._string(text, at)
                else:
                    end = yield from self._between(text, at)
                at = end
        except NotJsonError:
            yield from self._refused()

    def _finished(self) -> Iterator[str]:
        if self._is_over():
            return
        try:
            if not self._is_empty:
                self._grammar.end(in_string=self._in_string)
        except NotJsonError:
            yield from self._refused()
            return
        yield self._told(self._lone() + self._escape) if self._in_string else ""
        yield self._shown(self._field.finish())

    def _is_over(self) -> bool:
        return self.blocked

    # -- between strings

    def _between(self, text: str, at: int) -> Generator[str, None, int]:
        end = text.find('"', at)
        stretch = text[at : len(text) if end < 0 else end]
        for place, each in enumerate(stretch):
            self._is_empty = self._is_empty and each.isspace()
            try:
                self._grammar.take(each)
            except NotJsonError:
                yield self._field.feed(stretch[:place])
                raise
        yield self._field.feed(stretch)
        if end < 0 or self._is_over():
            return len(text)
        self._is_empty = False
        self._grammar.string_begins()
        yield self._field.finish()
        if self._is_over():
            return len(text)
        yield '"'
        self._is_key = self._grammar.is_key
        context = self._grammar.key
        self._in_string = True
        self._content.clear()
        self._left.clear()
        self._field = self._begun("" if self._is_key else context, is_literal=False)
        return end + 1

    # -- in a string

    def _string(self, text: str, at: int) -> Generator[str, None, int]:
        if self._escape:
            taken, plain = self._escaped(text[at])
            yield self._told(plain)
            return at + taken
        special = _SPECIAL.search(text, at)
        end = len(text) if special is None else special.start()
        if end > at:
            yield self._told(self._lone() + text[at:end])
        if special is None or self._is_over():
            return len(text)
        if special[0] == '"':
            yield from self._string_ended()
        elif special[0] == "\\":
            self._escape = "\\"
        else:
            if self._refuses:
                raise NotJsonError
            yield self._told(self._lone() + special[0])
        return end + 1

    def _string_ended(self) -> Iterator[str]:
        yield self._told(self._lone())
        self._left.append(self._field.finish())
        yield self._shown(self._left[-1])
        if self._is_over():
            return
        yield '"'
        content = "".join(self._content)
        was_key = self._is_key
        self._grammar.string_ended(content, "".join(self._left))
        self._in_string = self._is_key = False
        self._field = self._begun(content if was_key else "", is_literal=True)

    def _escaped(self, character: str) -> tuple[int, str]:
        """Take the next character of an escape; return how many were taken, and what is said by now."""
        escape = self._escape + character
        if len(escape) == 2 and character in _PLAIN:  # noqa: PLR2004 - a backslash and a letter
            self._escape = ""
            return 1, self._lone() + _PLAIN[character]
        if not _BEGUN.fullmatch(escape):
            if self._refuses:
                raise NotJsonError
            broken, self._escape = self._escape, ""
            return 0, self._lone() + broken
        if len(escape) < _ESCAPE:
            self._escape = escape
            return 1, ""
        self._escape = ""
        return 1, self._unit(int.from_bytes(bytes.fromhex(escape[2:]), "big"))

    def _unit(self, code: int) -> str:
        """Take one code unit of UTF-16; return the characters that are whole by now."""
        if code in _LOW and self._high:
            high = ord(self._lone())
            return chr(0x10000 + ((high & 0x3FF) << 10) + (code & 0x3FF))
        before = self._lone()
        if code in _HIGH:
            self._high = chr(code)
            return before
        return before + chr(code)

    def _lone(self) -> str:
        """Return the first half of a pair that turned out to have no second one."""
        high, self._high = self._high, ""
        return high

    def _told(self, plain: str) -> str:
        """Pass decoded text on to the field of the string."""
        self._content.append(plain)
        self._left.append(self._field.feed(plain) if plain else "")
        return self._shown(self._left[-1])

    # -- both

    def _begun(self, context: str, *, is_literal: bool) -> TextField:
        between = "" if not context else context if is_literal else f"{context}: "
        made = self._field_of(between, is_literal=is_literal)
        if self._holds:
            made.hold()
        self._parts.append((self._grammar.pointer, made.seen))
        return made

    def _shown(self, plain: str) -> str:
        if not self._in_string:
            return plain
        return _HALF.sub(_as_escape, json.dumps(plain, ensure_ascii=False)[1:-1])

    def _refused(self) -> Iterator[str]:
        """Judge what came before as it is, and block the rest."""
        if not self._is_over():
            if self._in_string:
                yield self._told(self._lone())
            yield self._shown(self._field.finish())
        self._own.lapse(Lapse("", BAD_JSON, passed=False))


def _as_escape(half: re.Match[str]) -> str:
    return f"\\u{ord(half[0]):04x}"
