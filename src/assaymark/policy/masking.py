"""
What of a file is not shown: values that are secrets, or may be.

A mistake in settings is shown with its line, and what is shown ends up in the logs of a build. So a line is
shown without

* the values of keys that name a secret, and all below them, but what names where a secret is;
* the user and the parameters of an address;
* words that look like a token.

In their place stand three asterisks, whatever the length. Too much is masked rather than too little: the
place says which value is meant.

tests/policy/test_masking.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

MASK = "***"

_SECRET_KEY = re.compile(
    r"(?:.*[_.-])?(?:api|access|private|signing|secret)?[_-]?key"
    r"|.*(?:secret|password|passwd|passphrase|credential|authorization|cookie).*"
    r"|(?:.*[_.-])?(?:token|bearer|auth|sha256|scrypt|env|pat|pwd)s?",
    re.ASCII | re.IGNORECASE,
)
_LIST_OF_KEYS = re.compile(r"(?:.*[_.-])?(?:api)?[_-]?keys", re.ASCII | re.IGNORECASE)
_HARMLESS_BELOW = {
    **dict.fromkeys(("name", "tenant", "file"), re.compile(".*")),
    "env": re.compile("[A-Z_][A-Z0-9_]{0,63}"),
    "sha256": re.compile("[0-9a-f]{64}"),
}
"""Keys that stand below one that names a secret, to values that are none."""

_HARMLESS = re.compile(
    r"[\w./-]{1,200}\.(?:key|pem|pub|txt|crt|yaml|yml|json|sqlite)"  # a file
    r"|pkcs11:[^?\s]{0,300}|true|false|null|~",
    re.ASCII,
)

_PREFIXES = (
    "amk-|sk[-_]|pk[-_]|rk[-_]|gh[opsur]_|github_pat_|glpat-|xox[a-z]-|xapp-|hf_|npm_|pypi-|gsk_|xai-"
    "|AKIA|ASIA|AIza|ya29\\.|SG\\.|eyJ"
)
_NOTHING, _BARE, _ALL = range(3)
"""How much below a key is a secret: in a list of keys what stands there without a key of its own."""

_TOKEN = re.compile(
    rf"(?<![A-Za-z0-9])(?:(?:{_PREFIXES})[A-Za-z0-9_.=/+-]{{6,}}|\$scrypt\$[A-Za-z0-9$,=/+]+)"
)
_MIXED = re.compile(r"[A-Za-z0-9_+=-]{24,}")
"""May be a token: where it has digits, small letters and capital ones."""

_PUBLIC = re.compile(r"\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44}")
"""The key by which a log is verified; C2SP, signed-note."""

_BEARER = re.compile(r"\b(?:bearer|basic)\s+(\S+)", re.IGNORECASE)
_USER = re.compile(r"://((?:[^\s@]{0,200}@){1,3})")
_PARAMETER = re.compile(r"[?&][\w.%-]{1,64}=([^&;\s\"'#,}\]]+)")

_JOINED = re.compile(r"[\"']?([\w.-]{1,64})[:=](?=.)")
"""A key and its value without a blank between them, which is one text."""

_PART = re.compile(
    r"""
      (?P<blank>\s+)
    | (?P<open>[\[{])
    | (?P<close>[\]}])
    | (?P<comma>,)
    | (?P<dash>-(?=\s|$))
    | (?P<colon>:(?=\s|$|[\[{"']))
    | (?P<text>"(?:[^"\\]|\\.)*(?:"|$) | '(?:[^']|'')*(?:'|$) | (?:[^\s,\[\]{}:]|:(?!\s|$|[\[{"']))+)
    """,
    re.VERBOSE,
)


class Span(NamedTuple):
    """A stretch of a line; half-open, from 0."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Part:
    kind: str
    span: Span
    text: str


def secret_spans(line: str, below: int = 0) -> tuple[Span, ...]:
    """Return what of a line of YAML is not shown, in order, without overlaps.

    Args:
        line: As it stands in the file.
        below: What `below_secrets` says of it.
    """
    found = [*_of_keys(line, below), *_of_looks(line)]
    joined: list[Span] = []
    for each in sorted(each for each in found if each.end > each.start):
        if joined and each.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, each.end))
        else:
            joined.append(each)
    return tuple(joined)


def below_secrets(lines: Sequence[str]) -> tuple[int, ...]:
    """Return, of each line, how much of it is a secret because of the key that it is below."""
    found: list[int] = []
    blocks: list[tuple[int, int]] = []
    for line in lines:
        body = line.lstrip(" ")
        indent = len(line) - len(body)
        is_item = body.startswith("- ") or body.rstrip() == "-"
        # A list may stand as far to the left as the key that it is the value of.
        while body.strip() and blocks and indent < blocks[-1][0] + (not is_item):
            blocks.pop()
        found.append(blocks[-1][1] if blocks else _NOTHING)
        begun = _secret_block(line)
        if found[-1] < _ALL and begun is not None and begun[1] > found[-1]:
            blocks.append(begun)
    return tuple(found)


def masked(line: str, spans: Sequence[Span]) -> str:
    """Return `line` with `MASK` in the place of `spans`."""
    parts, reached = [], 0
    for start, end in spans:
        parts += [line[reached:start], MASK]
        reached = end
    return "".join(parts) + line[reached:]


def moved(at: int, spans: Sequence[Span]) -> int:
    """Return where the place `at` of a line is in the masked line; within a span, where its mask begins."""
    by = 0
    for start, end in spans:
        if at < end:
            return min(at, start) + by
        by += len(MASK) - (end - start)
    return at + by


def masked_text(text: str) -> str:
    """Return a sentence without what looks like a secret."""
    joined: list[Span] = []
    for each in sorted(_of_looks(text)):
        if not joined or each.start >= joined[-1].end:
            joined.append(each)
    return masked(text, joined)


def _of_looks(line: str) -> Iterator[Span]:
    for each in _TOKEN.finditer(line):
        yield Span(*each.span())
    public = [each.span() for each in _PUBLIC.finditer(line)]
    for each in _MIXED.finditer(line):
        kinds = (str.isdigit, str.islower, str.isupper)
        is_token = all(any(map(kind, each[0])) for kind in kinds)
        if is_token and not any(each.start() < end and each.end() > at for at, end in public):
            yield Span(*each.span())
    for pattern in (_BEARER, _USER, _PARAMETER):
        for each in pattern.finditer(line):
            # The sign between user and host stays.
            yield Span(each.start(1), each.end(1) - (pattern is _USER))


def _of_keys(line: str, below: int) -> Iterator[Span]:
    """Yield the values of keys that name a secret."""
    key, secret = "", below
    around: list[int] = []
    parts = list(_parts(line))
    for part, following in zip_longest(parts, parts[1:]):
        if part.kind == "open":
            around.append(secret)
        elif part.kind == "close" and around:
            around.pop()
        if part.kind in ("open", "close") or (part.kind == "comma" and around):
            key, secret = "", around[-1] if around else below
        if part.kind != "text":
            continue
        if following is not None and following.kind == "colon":
            key = part.text.strip("\"'")
            secret = _secret(key, around[-1] if around else below)
        elif secret and not _is_harmless(key, part.text):
            yield part.span if around else Span(part.span.start, len(line))
        elif (found := _JOINED.match(part.text)) and _secret(found[1]) and found[1] != "sha256":
            yield Span(part.span.start + found.end(), part.span.end)


def _secret(key: str, around: int = _NOTHING) -> int:
    """Return how much of what stands at `key` is a secret."""
    if around == _ALL or _SECRET_KEY.fullmatch(key[-64:]):
        return _ALL
    return _BARE if _LIST_OF_KEYS.fullmatch(key[-64:]) else _NOTHING


def _is_harmless(key: str, text: str) -> bool:
    text = text.strip("\"'")
    known = _HARMLESS_BELOW.get(key, _HARMLESS)
    return known.fullmatch(text) is not None or _HARMLESS.fullmatch(text) is not None


def _secret_block(line: str) -> tuple[int, int] | None:
    """Return where a key stands that begins a line, and how much below it is a secret."""
    parts = [each for each in _parts(line) if each.kind != "dash"][:2]
    if [each.kind for each in parts] != ["text", "colon"]:
        return None
    return parts[0].span.start, _secret(parts[0].text.strip("\"'"))


def _parts(line: str) -> Iterator[_Part]:
    for each in _PART.finditer(line):
        if each.lastgroup and each.lastgroup != "blank":
            yield _Part(each.lastgroup, Span(*each.span()), each[0])
