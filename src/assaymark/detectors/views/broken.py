r"""
The `broken` view: values that a line break cuts in two, put together again.

* A soft break of quoted-printable (`=` at the end of a line), a soft hyphen at one, and a backslash at one:
  they say themselves that the line goes on.
* A line break inside a number: after a dash of it, in a number with a `+` in front, or where both parts
  together are a card number, an account number, or have the form of another one. Columns of numbers stay.
* A line break before or after the `@` of an address, or inside its domain.

A line is broken by all that Unicode says must break one (UAX #14, classes BK, CR, LF and NL).

tests/detectors/views/test_joining.py shows each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assaymark.detectors.views.check_digits import is_account, is_card
from assaymark.detectors.views.offsets import Rewriting, Seen
from assaymark.detectors.views.view import View

_LINE = r"(?:\r\n|[\n\r\x0b\x0c\x85\u2028\u2029])"
_BREAK = rf"[ \t]{{0,3}}{_LINE}[ \t>]{{0,8}}"
_GOES_ON = re.compile(
    r"(?<=[A-Za-z0-9@._+/-])(?:[=\\]\r?\n|\u00ad\r?\n[ \t]{0,8})(?=[A-Za-z0-9@._+/-])"
)
_DASHED = re.compile(
    rf"(?<![0-9A-Za-z])(?:[0-9]{{2,5}}-{{1,2}}){{0,3}}[0-9]{{2,5}}-({_BREAK})(?=[0-9]{{2}})"
)
_ABROAD = re.compile(
    rf"(?<![0-9A-Za-z+])\+[0-9][0-9 ().-]{{2,16}}?({_BREAK})[0-9][0-9 ().-]{{2,16}}(?![0-9A-Za-z])"
)
_CUT = re.compile(
    rf"(?<![0-9A-Za-z])[0-9](?:[0-9 -]{{0,22}}[0-9])?[ -]?(?:{_BREAK}[0-9](?:[0-9 -]{{0,22}}[0-9])?){{1,3}}"
    r"(?![0-9A-Za-z])"
)
# Forms that neither part has alone: social security and telephone numbers of North America, addresses of IP.
_FORM = re.compile(
    r"[0-9]{3}-[0-9]{2}-[0-9]{4}|(?:\+?1[ .-]?)?(?:\([0-9]{3}\) ?|[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}"
    r"|[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
)
_FORMED = re.compile(
    rf"(?<![0-9A-Za-z.-])[(+0-9][0-9 ().-]{{0,14}}?({_BREAK})[(. -]{{0,2}}[0-9][0-9 ().-]{{0,13}}"
    r"(?<=[0-9])(?![0-9A-Za-z-]|\.[0-9])"
)
_ACCOUNT = re.compile(
    rf"(?<![0-9A-Za-z])[A-Z]{{2}}[0-9]{{2}}[0-9A-Z ]{{0,30}}?({_BREAK})[0-9A-Z ]{{1,34}}(?<! )(?![0-9A-Za-z])"
)
_CARD = re.compile(
    r"[0-9]{13,19}|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}|[0-9]{4}([ -])[0-9]{6}\2[0-9]{5}"
)
_ADDRESS = re.compile(
    rf"(?<=[A-Za-z0-9])(?P<before>{_BREAK})?@(?P<after>{_BREAK})?"
    rf"[A-Za-z0-9-]{{1,63}}(?:\.[A-Za-z0-9-]{{1,63}}){{0,8}}"
    rf"(?:(?P<inside>\.?{_BREAK}\.?)(?=[a-z0-9-]{{1,63}}(?:\.[a-z0-9-]{{1,63}}){{0,8}}(?![A-Za-z0-9@.])))?"
)
_BREAKS = re.compile(_BREAK)
_LONGEST = 15  # digits of a telephone number (ITU-T E.164)
_SHORTEST = 8

PATTERNS = (_GOES_ON, _DASHED, _ABROAD, _FORMED, _ACCOUNT, _CUT, _ADDRESS)
"""What is put together matches one of these, and nothing else decides about it."""


def see(text: str) -> Seen | None:
    """Return `text` with its values in one piece."""
    if not any(each in text for each in BROKEN.signs):
        return None
    result = Rewriting(text)
    reached = 0
    for start, end, new in sorted((*_told(text), *_numbers(text), *_addresses(text))):
        if start >= reached:
            result.replace(start, end, new)
            reached = end
    return result.seen()


def _told(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _GOES_ON.finditer(text):
        yield *match.span(), ""


def _numbers(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _DASHED.finditer(text):
        yield *match.span(1), ""
    for match in _ABROAD.finditer(text):
        if _SHORTEST <= sum(each.isdigit() for each in match[0]) <= _LONGEST:
            yield *match.span(1), " "
    for match in _FORMED.finditer(text):
        if _FORM.fullmatch(_BREAKS.sub("", match[0])):
            yield *match.span(1), ""
    for match in _ACCOUNT.finditer(text):
        if is_account(_BREAKS.sub("", match[0]).replace(" ", "")):
            yield *match.span(1), ""
    for match in _CUT.finditer(text):
        joint = _joint(match[0])
        if joint is not None:
            for each in _BREAKS.finditer(match[0]):
                yield match.start() + each.start(), match.start() + each.end(), joint


def _joint(cut: str) -> str | None:
    """Return what the line breaks of a card number stand for, `None` where it is none."""
    if not is_card("".join(each for each in cut if each.isdigit())):
        return None
    return next((each for each in ("", " ", "-") if _CARD.fullmatch(_BREAKS.sub(each, cut))), None)


def _addresses(text: str) -> Iterator[tuple[int, int, str]]:
    if "@" not in text:
        return
    for match in _ADDRESS.finditer(text):
        for part in ("before", "after"):
            if match[part]:
                yield *match.span(part), ""
        # A domain that is whole without the next line needs none of it.
        if match["inside"] and _needs_more(match):
            yield *match.span("inside"), "." if "." in match["inside"] else ""


def _needs_more(match: re.Match[str]) -> bool:
    domain = match[0].partition("@")[2].strip()
    return "." in (match["inside"] or "") or "." not in domain


_ANY_LINE = r"(?:\r\n|[\n\r\x0b\x0c]|\x{85}|\x{2028}|\x{2029})"

BROKEN = View(
    name="broken",
    summary="values that a line break cuts in two, soft breaks of mail among them",
    trigger=(
        r"[A-Za-z0-9@._+/-](?:[=\\]|\x{ad})\r?\n"
        rf"|[0-9 \t()+.-]{_ANY_LINE}[ \t>]{{0,8}}[(. -]{{0,2}}[0-9]"
        rf"|[A-Z]{{2}}[0-9]{{2}}[0-9A-Z ]{{0,31}}[ \t]{{0,3}}{_ANY_LINE}"
        rf"|@[A-Za-z0-9.-]*[ \t]{{0,3}}{_ANY_LINE}|{_ANY_LINE}[ \t>]{{0,8}}@"
    ),
    signs="\n\r\x0b\x0c\x85\u2028\u2029",
    see=see,
)
