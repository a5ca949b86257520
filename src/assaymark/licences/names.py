"""
From what people write to the name of a licence: tags, titles, addresses, sentences.

A text names a licence only if it leaves no other reading. Everything else has a reason:

* `no-licence`: it says that there is none (`No License`, `all rights reserved`), so nothing is permitted;
* `not-stated`: it says nothing (`unknown`, `NOASSERTION`, `see link`);
* `no-version`: it names several licences with different terms (`cc`, `GPL`, `CC BY`);
* `several`: it names more than one licence in prose, and not how they go together;
* `unknown-licence`: it names something that neither SPDX, nor the hub, nor our table knows.

Sources: the SPDX licence list; the hub's licence tags (huggingface/hub-docs,
docs/hub/repositories-licenses.md).

tests/licences/test_questions.py and tests/licences/test_names.py
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from assaymark.licences.addresses import from_address
from assaymark.licences.table import aliases, entry_of

MAX_LENGTH = 500  # characters; a declaration beyond that is a text, not a name

UNRECOGNISED_TEXT = "LicenseRef-unrecognised-text"
"""What a source declares for a licence file whose text it does not know."""

AMBIGUOUS_TEXT = "LicenseRef-ambiguous-text"
"""What a source declares for a licence file whose text several licences share."""

NAMELESS_TEXTS = frozenset({UNRECOGNISED_TEXT, AMBIGUOUS_TEXT})

_NOT_STATED = frozenset(
    {"", "unknown", "noassertion", "none", "null", "other", "unspecified", "undefined", "n/a", "na"}
    | {"unknwon", "unclear", "custom", "various", "see license", "see licence", "see link", "tbd"}
    | {"license information unavailable", "404: not found", "not specified", "not available", "?"}
    | {"various (see link)", "custom (various)", "custom (multiple)", "more information needed"}
    | {"request form", "open access", "public", "open", "free", "open source", "-"}
)
_NO_LICENCE = frozenset(
    {"no license", "no licence", "all rights reserved", "proprietary", "unlicensed", "copyright"}
    | {"closed", "not licensed", "no license specified", "no known license", "none given"}
)
_COPYRIGHT = re.compile(r"(?:copyright\b|©|\(c\)).*", re.IGNORECASE)

_FAMILIES = frozenset(
    {"agpl", "apache", "bsd", "cc", "cc-by", "cc-by-nc", "cc-by-nc-nd", "cc-by-nc-sa", "cc-by-nd"}
    | {"cc-by-sa", "cdla", "cdla-permissive", "cdla-sharing", "creativeml", "eupl", "gfdl", "gpl"}
    | {"lgpl", "llama", "mpl", "openrail", "rail", "creative commons", "bsd license", "epl", "ogl"}
    | {"gnu general public license", "gnu gpl", "open government licence", "llama license"}
    | {"creative commons license", "creative commons public license", "creativecommons", "nlod"}
    | {
        "creative commons legal code",
        "creative commons public license (ccpl)",
        "gnu fdl",
        "openmdw",
    }
    | {"gnu free documentation license", "gnu lesser general public license", "cc by", "meta llama"}
    | {"gnu affero general public license", "mozilla public license", "eclipse public license"}
    | {
        "community data license agreement",
        "apache license",
        "public domain",
        "modified mit license",
    }
)
"""Names of several licences with different terms, or of something with different meanings."""

_TAGS: Mapping[str, str] = {
    "c-uda": "C-UDA-1.0",
    "lgpl-lr": "LGPLLR",
    "odbl": "ODbL-1.0",
    "odc-by": "ODC-By-1.0",
    "pddl": "PDDL-1.0",
    "cc0": "CC0-1.0",
    "ms-pl": "MS-PL",
}
"""Tags without a version, of licences that have only one."""

_SENTENCE = re.compile(
    r"(?:(?!\b(?:not|no|except|but|unless)\b)[^.;:])*?\b(?:is|are|was|were)?\s*(?:also )?"
    r"(?:licen[sc]ed|released|distributed|available|published|provided|shared)"
    r"\s+(?:to the public )?(?:under|with)\s+(?:the |an? )?(?:terms of )?(?:the )?(.+?)[.!]?",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"(?:#+\s*|licen[sc]ed?\s*[:=]\s*|licen[sc]ed under\s+(?:the |an? )?|the\s+)", re.IGNORECASE
)
_TAIL = re.compile(r"\s*(?:public\s+)?(?:licen[sc]es?|deed|legal ?code)$", re.IGNORECASE)
_JOINED = re.compile(r"\s(?:and|or|plus|with)\s|[,;/&|]|\s\+\s", re.IGNORECASE)
_COUNTRIES = {"spain": "ES", "germany": "DE", "france": "FR", "united states": "US", "us": "US"} | {
    "austria": "AT", "netherlands": "NL", "igo": "IGO", "australia": "AU", "es": "ES", "de": "DE",
    "at": "AT", "nl": "NL", "au": "AU", "fr": "FR", "uk": "UK", "japan": "JP", "jp": "JP",
}  # fmt: skip
_CC = re.compile(
    r"cc[\s-]*by((?:[\s-]+(?:nc|sa|nd))*)(?:[\s-]*v?(\d(?:\.\d)?))?(?:\s+(?:\w+\s+)?([a-z ]+))?"
)
_WORDS = (
    (re.compile(r"creative\s*commons?"), "cc"),
    (re.compile(r"attribution"), "by"),
    (re.compile(r"non-?\s?commercial"), "nc"),
    (re.compile(r"share-?\s?alike"), "sa"),
    (re.compile(r"no-?\s?deriv(?:ative|ativework|ate)?s?(?:\s*works)?"), "nd"),
)
_NOISE = re.compile(
    r"\b(?:international|unported|generic|universal|public|licen[sc]es?|deed|the|intl)\b|\(.*?\)"
)
_ASIDE = re.compile(r"\((.*?)\)")
_LIMITS = frozenset({"only", "except", "excluding", "without", "not", "no", "research", "academic"})
_NUMBERED = re.compile(r"(.+?)[\s,-]*(?:version\s*|v\.?\s*|-)?(\d+(?:\.\d+)*)(\s+or\s+later|\+)?")
_GNU = (
    (re.compile(r"gnu\s*affero\s*general\s*public|gnu\s*agpl"), "agpl"),
    (re.compile(r"gnu\s*(?:lesser|library)\s*general\s*public|gnu\s*lgpl"), "lgpl"),
    (re.compile(r"gnu\s*general\s*public|gnu\s*gpl"), "gpl"),
    (re.compile(r"gnu\s*free\s*documentation|gnu\s*fdl"), "gfdl"),
    (re.compile(r"mozilla\s*public"), "mpl"),
    (re.compile(r"eclipse\s*public"), "epl"),
    (re.compile(r"european\s*union\s*public"), "eupl"),
    (re.compile(r"apache(?:\s*software)?"), "apache"),
)


@dataclass(frozen=True, slots=True)
class Name:
    """What a text names."""

    id: str = ""
    """Canonical id; empty where it names no single licence."""

    rule: str = ""
    """Why it does not."""

    is_deprecated: bool = False
    """Whether SPDX gave up the id that was written, for one that says more."""

    is_ours: bool = False
    """Whether our table knows it and SPDX does not."""


def states_nothing(declared: str) -> bool:
    """Return whether `declared` only says that the licence is not known or not listed."""
    return " ".join(declared.lower().split()).strip(" .") in _NOT_STATED


def name_of(text: str) -> Name:
    """Return which licence a text names, if it names exactly one."""
    text = " ".join(text.split())
    if len(text) > MAX_LENGTH:
        return Name(rule="not-an-expression")
    if (at := from_address(text)) != text:
        return resolve(at)
    found = resolve(text)
    if not found.rule or found.rule != "unknown-licence":
        return found
    if _COPYRIGHT.fullmatch(text):
        return Name(rule="no-licence")
    plain = _plain(text)
    if plain != text.lower() and resolve(plain).rule != "unknown-licence":
        return resolve(plain)
    return _creative_commons(plain) or _numbered(plain) or _sentence(text) or found


def resolve(written: str) -> Name:
    """Return the one licence that a single word or title names."""
    key = written.strip().lower()
    if key in _NOT_STATED:
        return Name(rule="not-stated")
    if key in _NO_LICENCE:
        return Name(rule="no-licence")
    if key == UNRECOGNISED_TEXT.lower():
        return Name(rule="unrecognised-text")
    if key == AMBIGUOUS_TEXT.lower():
        return Name(rule="ambiguous-text")
    if key in _FAMILIES:
        return Name(rule="no-version")
    known, is_exception = spdx().get(_TAGS.get(key, key).lower(), ("", False))
    if known and not is_exception:
        return Name(id=known, is_deprecated=key in deprecated())
    if (terms := entry_of(written.strip())) is not None:
        return Name(id=terms.id, is_ours=True)
    if (alias := aliases().get(key)) is not None:
        return Name(id=alias, is_ours=True)
    if key.startswith("licenseref-") and not key[len("licenseref-") :].strip():
        return Name(rule="unknown-licence")
    if key.startswith("licenseref-"):
        return Name(id=f"LicenseRef-{written.strip()[len('LicenseRef-') :]}")
    if key.endswith("+") and (base := resolve(key[:-1])).id:
        return Name(id=f"{base.id}+")
    return Name(rule="unknown-licence")


@functools.cache
def spdx() -> Mapping[str, tuple[str, bool]]:
    """Return every SPDX id in lower case, with its spelling, and whether it is an exception."""
    from license_expression import get_license_index

    names: dict[str, tuple[str, bool]] = {}
    for entry in get_license_index():
        name = entry.get("spdx_license_key") or ""
        for each in (*entry.get("other_spdx_license_keys", ()), name):
            if each == name or not each.startswith("LicenseRef-"):
                names[each.lower()] = (name, bool(entry["is_exception"]))
    names.pop("", None)
    return names


@functools.cache
def deprecated() -> frozenset[str]:
    """Return the SPDX ids, in lower case, that were given up for another."""
    return frozenset(key for key, (name, _) in spdx().items() if key != name.lower())


def _plain(text: str) -> str:
    plain = _LEAD.sub("", text.strip().lower(), count=1).strip(" .\"'`")
    return _TAIL.sub("", plain).strip(" ,")


def _creative_commons(plain: str) -> Name | None:
    for pattern, word in _WORDS:
        plain = pattern.sub(word, plain)
    country_in = plain
    # A title and its short form, as in `Attribution 4.0 International (CC BY 4.0)`, say the same twice.
    bare = " ".join(_NOISE.sub(" ", plain).replace("/", " ").split())
    bare = re.sub(r"(?<=[a-z])\s*-\s*(?=[a-z])", "-", bare)
    if bare.startswith("by"):
        bare = f"cc {bare}"
    match = _CC.fullmatch(bare.strip(" -"))
    if match is None or ("cc" not in country_in and "by" not in country_in):
        return None
    marks = [each for each in ("nc", "nd", "sa") if each in re.split(r"[\s-]+", match[1])]
    if {"nd", "sa"} <= set(marks):
        return Name(rule="unknown-licence")
    if any(_adds(aside, marks) for aside in _ASIDE.findall(plain)):
        return Name(rule="several")
    order = "-".join(["CC-BY", *(each.upper() for each in marks)])
    if match[2] is None:
        return Name(rule="no-version")
    version = match[2] if "." in match[2] else f"{match[2]}.0"
    country = _COUNTRIES.get((match[3] or "").strip())
    if match[3] and country is None:
        return Name(rule="unknown-licence")
    found = resolve(f"{order}-{version}" + (f"-{country}" if country else ""))
    if found.rule and country:
        # A port that SPDX does not list has the terms of what it ports, under no id.
        return Name(rule="no-version")
    return found


def _adds(aside: str, marks: list[str]) -> bool:
    """Whether a remark in brackets says more than the marks of a licence do."""
    words = set(re.findall(r"[a-z]+", aside))
    return bool(words & _LIMITS or (words & {"nc", "nd", "sa"}) - set(marks))


def _numbered(plain: str) -> Name | None:
    """Read `GNU General Public License v3`, `Apache License, Version 2.0` and the like."""
    for pattern, word in _GNU:
        plain = pattern.sub(word, plain)
    bare = " ".join(_NOISE.sub(" ", plain).split()).strip(" ,")
    match = None if "(" in plain else _NUMBERED.fullmatch(bare)
    if match is None:
        return Name(rule="no-version") if bare in _FAMILIES else None
    name = re.sub(r"[\s,]+", "-", match[1].strip(" ,-"))
    version = match[2] if "." in match[2] else f"{match[2]}.0"
    found = resolve(f"{name}-{version}{'-or-later' if match[3] else ''}")
    return None if found.rule else found


def _sentence(text: str) -> Name | None:
    """Read `… is licensed under X`, where X is one name and nothing else."""
    match = _SENTENCE.fullmatch(text)
    if match is None:
        return None
    inner = match[1]
    found = name_of(inner) if inner != text else Name(rule="unknown-licence")
    if not found.rule:
        return found
    return Name(rule="several") if _JOINED.search(inner) else found
