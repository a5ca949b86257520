"""
What is wrong with a policy, where, and what to write instead.

    release.yaml:2:13: error[unknown-metric]: no installed check reports `refusal-rat`
      |
    2 |   - metric: refusal-rat
      |             ^^^^^^^^^^^
      = hint: did you mean `refusal-rate`?

* Every mistake is shown, not only the first; the user's own file comes first, then its parents.
* A mark always lies inside its file, whatever the file holds.
* No value is shown that is a secret, or may be one: neither in its line nor in a message (`masking`).
* What is shown cannot steer a terminal: control and bidirectional characters appear as `\ufffd`.

tests/policy/test_diagnostics.py and test_masking.py hold all four.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from assaymark.errors import PolicyError
from assaymark.marked_yaml import Mark
from assaymark.policy.excerpt import one_line, visible, window
from assaymark.policy.masking import (
    MASK,
    Span,
    below_secrets,
    masked,
    masked_text,
    moved,
    secret_spans,
)

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what YAML 1.1, and so PyYAML, counts
_RENDERED = 100  # mistakes; who made more made one of them over and over
_QUOTED = 80  # characters of a user's word that a message repeats
LONGEST_PATH = 1_024
"""Characters of a path that a message repeats: its end is what tells it from others."""
_CLOSE = 0.6  # difflib ratio from which a name counts as a slip of the fingers
_COMPARED = 100  # characters; difflib is quadratic, and no name is as long
_PREFIX = 3  # characters that must agree before one name is offered as the rest of another


class Level(StrEnum):
    """Whether the policy can be used all the same."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class SourceText:
    """One file of a policy, as its user knows it."""

    name: str
    """What diagnostics call it: the path as the user typed it, or `pack:NAME`."""

    lines: tuple[str, ...]
    _secrets: dict[int, tuple[Span, ...]] = field(default_factory=dict, compare=False, repr=False)
    _below: list[tuple[int, ...]] = field(default_factory=list, compare=False, repr=False)

    @classmethod
    def of(cls, name: str, data: bytes) -> SourceText:
        """Cut `data` into lines as YAML does. Bytes that are not UTF-8 are shown as `\ufffd`."""
        text = data.decode("utf-8-sig", errors="replace")
        return cls(name, tuple(_LINE_BREAK.split(text)))

    def inside(self, mark: Mark) -> Mark:
        """Return `mark`, moved to the nearest place that exists: parsers point past the end."""
        line = min(max(1, mark.line), len(self.lines))
        length = len(self.lines[line - 1])
        column = min(max(1, mark.column), length + 1)
        return Mark(line, column, max(1, min(mark.width, length + 1 - column)))

    def secrets(self, line: int) -> tuple[Span, ...]:
        """Return what of a line, counted from 1, is not shown."""
        if line not in self._secrets:
            if not self._below:
                self._below.append(below_secrets(self.lines))
            self._secrets[line] = secret_spans(self.lines[line - 1], self._below[0][line - 1])
        return self._secrets[line]

    def shown(self, mark: Mark) -> tuple[str, Mark]:
        """Return the line of `mark` as it may be shown, and where `mark` is in it."""
        spans = self.secrets(mark.line)
        line = masked(self.lines[mark.line - 1], spans)
        start = moved(mark.column - 1, spans)
        end = moved(mark.column - 1 + mark.width, spans)
        return line, Mark(mark.line, start + 1, max(1, end - start))

    def told(self, text: str, mark: Mark | None) -> str:
        """Return a message about `mark` as it may be told."""
        if mark is not None:
            line, start = self.lines[mark.line - 1], mark.column - 1
            for each in self.secrets(mark.line):
                if each.end > start and each.start < start + mark.width:
                    secret = line[each.start : each.end].strip("\"'")
                    text = text.replace(f"`{secret}`", f"`{MASK}`")
                    # A shorter one may be a part of our own words.
                    text = text.replace(secret, MASK) if len(secret) > _PREFIX else text
        return masked_text(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One mistake, or one thing to think about."""

    code: str
    """Kebab-case; names what is wrong; never reused."""

    message: str
    file: str
    mark: Mark | None
    """`None` where the file as a whole is meant."""

    hint: str | None = None
    severity: Level = Level.ERROR
    excerpt: str = ""
    """The line that `mark` is on, without secrets."""
    shown: Mark | None = None
    """Where `mark` is in the excerpt."""

    def to_plain(self) -> dict[str, Any]:
        """Return the form that `--json` prints."""
        plain: dict[str, Any] = {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "file": self.file,
        }
        if self.mark is not None:
            plain |= {
                "line": self.mark.line,
                "column": self.mark.column,
                "width": self.mark.width,
            }
        if self.hint is not None:
            plain["hint"] = self.hint
        return plain


class InvalidPolicyError(PolicyError):
    """A policy with at least one error; `diagnostics` holds all of them, warnings included."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(render(self.diagnostics))


@dataclass(slots=True)
class Diagnostics:
    """Collects what one load finds, over all files."""

    found: list[Diagnostic] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    """Names in the order in which they are to be shown."""
    errors: Counter[str] = field(default_factory=Counter)
    """How many mistakes each file has; asked too often to be counted anew."""

    def reporter(self, source: SourceText) -> Reporter:
        """Return what reports on `source`; files are shown in the order of these calls."""
        if source.name not in self.files:
            self.files.append(source.name)
        return Reporter(self, source)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """Return everything once, by file and place."""

        def place(each: Diagnostic) -> tuple[int, int, int, str, str]:
            line, column = (0, 0) if each.mark is None else (each.mark.line, each.mark.column)
            return self.files.index(each.file), line, column, each.code, each.message

        return tuple(sorted(dict.fromkeys(self.found), key=place))

    @property
    def has_errors(self) -> bool:
        """Whether the policy cannot be used."""
        return bool(self.errors)


@dataclass(frozen=True, slots=True)
class Reporter:
    """Reports on one file."""

    diagnostics: Diagnostics
    source: SourceText

    def error(self, code: str, mark: Mark | None, message: str, hint: str | None = None) -> None:
        """Report a mistake."""
        self._add(Level.ERROR, code, mark, message, hint)

    def warning(self, code: str, mark: Mark | None, message: str, hint: str | None = None) -> None:
        """Report what is allowed and probably not meant."""
        self._add(Level.WARNING, code, mark, message, hint)

    @property
    def errors(self) -> int:
        """How many mistakes this file has so far."""
        return self.diagnostics.errors[self.source.name]

    def _add(
        self, level: Level, code: str, mark: Mark | None, message: str, hint: str | None
    ) -> None:
        placed = None if mark is None else self.source.inside(mark)
        if level is Level.ERROR:
            self.diagnostics.errors[self.source.name] += 1
        excerpt, shown = ("", None) if placed is None else self.source.shown(placed)
        self.diagnostics.found.append(
            Diagnostic(
                code=code,
                message=self.source.told(message, placed),
                file=self.source.name,
                mark=placed,
                hint=None if hint is None else self.source.told(hint, placed),
                severity=level,
                excerpt=excerpt,
                shown=shown,
            )
        )


def render(diagnostics: Iterable[Diagnostic]) -> str:
    """Return `diagnostics` as a person reads them, an empty line between two; of very many the first."""
    every = tuple(diagnostics)
    shown = [_render(each) for each in every[:_RENDERED]]
    if len(every) > _RENDERED:
        shown.append(f"and {len(every) - _RENDERED:,} more; mend these first")
    return "\n\n".join(shown)


def _render(diagnostic: Diagnostic) -> str:
    # Whatever a message repeats stays within its line.
    head = one_line(f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}")
    file = one_line(diagnostic.file)
    mark = diagnostic.mark
    if mark is None:
        lines = [f"{file}: {head}"]
        margin = ""
    else:
        margin = " " * len(str(mark.line))
        shown, before, under = window(diagnostic.excerpt, diagnostic.shown or mark)
        lines = [
            f"{file}:{mark.line}:{mark.column}: {head}",
            f"{margin} |",
            f"{mark.line} | {shown}".rstrip(),
            f"{margin} | {' ' * before}{'^' * under}",
        ]
    if diagnostic.hint is not None:
        lines.append(f"{margin} = hint: {one_line(diagnostic.hint)}")
    return "\n".join(lines)


def printable(text: str) -> str:
    """Return `text` so that it cannot steer a terminal; line feeds stay."""
    return "".join(each if each == "\n" else visible(each) for each in text)


def quoted(text: str, *, longest: int = _QUOTED) -> str:
    """Return a user's word as a message repeats it: in backticks, short, without control characters."""
    clipped = text if len(text) <= longest else text[:longest] + "…"
    return f"`{one_line(clipped)}`"


def listed(names: Iterable[str], *, last: str = "and") -> str:
    """Return `names` quoted and joined as in a sentence."""
    *head, tail = [quoted(each) for each in names]
    return f"{', '.join(head)} {last} {tail}" if head else tail


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the valid name that `name` was probably meant to be.

    Case does not count. A name that only lacks its end is found too: `EMAIL` for `EMAIL_ADDRESS`.
    """
    if len(name) > _COMPARED:
        return None
    by_fold: dict[str, str] = {}
    for each in names:
        by_fold.setdefault(each.casefold(), each)
    fold = name.casefold()
    close = difflib.get_close_matches(fold, by_fold, n=1, cutoff=_CLOSE)
    if close:
        return by_fold[close[0]]
    if len(fold) < _PREFIX:
        return None
    longer = [each for each in by_fold if each.startswith(fold)]
    return by_fold[longer[0]] if len(longer) == 1 else None


def did_you_mean(name: str, names: Iterable[str], *, otherwise: str | None = None) -> str | None:
    """Return the hint that offers the nearest of `names`, or `otherwise`."""
    found = nearest(name, names)
    return otherwise if found is None else f"did you mean {quoted(found)}?"
