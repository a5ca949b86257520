"""
Reading a declared licence: what it names, and whether a list of permitted licences allows it.

Declarations come as SPDX expressions, as tags of the Hugging Face hub, or as the address of a licence.
Nothing is guessed: a name that does not say exactly one licence is not permitted, with the reason.

* OR is a choice: it is permitted if one branch is, and the first such branch is recorded.
* AND joins duties: it is permitted only if every branch is.
* WITH adds a permission to a licence (SPDX specification 2.3, annex D.4), so a permitted licence stays
  permitted under any exception that SPDX knows.
* `LicenseRef-` names are local to the document that uses them, so they match only themselves.

Sources: SPDX specification 2.3, annex D (license expressions); the SPDX licence list, through the
package license-expression; the hub's list of licence tags (huggingface.co/docs/hub/repositories-licenses),
of which only tags that differ from SPDX ids stand here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

UNRECOGNISED_TEXT = "LicenseRef-unrecognised-text"
"""What a source declares for a licence file whose text it does not know."""

MAX_LENGTH = 500  # characters; a declaration beyond that is a text, not an expression

_NOT_STATED = frozenset({"", "unknown", "noassertion", "none", "null", "other"})

_FAMILIES = frozenset(
    {"agpl", "apache", "bsd", "cc", "cc-by", "cc-by-nc", "cc-by-nc-nd", "cc-by-nc-sa", "cc-by-nd"}
    | {"cc-by-sa", "cdla", "creativeml", "eupl", "gfdl", "gpl", "lgpl", "llama", "mpl", "openrail"}
)
"""Names of several licences, with different duties."""

_SINGLE_VERSION: Mapping[str, str] = {
    "c-uda": "C-UDA-1.0",
    "lgpl-lr": "LGPLLR",
    "odbl": "ODbL-1.0",
    "odc-by": "ODC-By-1.0",
    "pddl": "PDDL-1.0",
    "cc0": "CC0-1.0",
}
"""Tags without a version, of licences that have only one."""

_HUB_ONLY = frozenset(
    {"apple-amlr", "apple-ascl", "bigcode-openrail-m", "bigscience-bloom-rail-1.0"}
    | {"bigscience-openrail-m", "creativeml-openrail-m", "deepfloyd-if-license"}
    | {"fair-noncommercial-research-license", "gemma", "grok2-community", "h-research"}
    | {"intel-research", "llama2", "llama3", "llama3.1", "llama3.2", "llama3.3", "llama4"}
    | {"openmdw-1.0", "openmdw-1.1", "openrail++"}
)
"""Tags that name one licence which has no SPDX id. A policy can permit them by tag."""

_CC_PAGE = r"/?(?:deed|legalcode)?(?:\.[a-z-]+)?/?"

_ADDRESSES = tuple(
    (re.compile(rf"https?://(?:www\.)?{pattern}", re.IGNORECASE), name)
    for pattern, name in (
        (rf"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d){_CC_PAGE}", "CC-{}-{}"),
        (rf"creativecommons\.org/publicdomain/zero/1\.0{_CC_PAGE}", "CC0-1.0"),
        (r"spdx\.org/licenses/([\w.+-]+?)(?:\.html|\.json|\.txt)?/?", "{}"),
        (r"opensource\.org/licenses?/([\w.+-]+?)(?:\.php)?/?", "{}"),
        (r"apache\.org/licenses/LICENSE-2\.0(?:\.html|\.txt)?/?", "Apache-2.0"),
    )
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a list of permitted licences says about one declaration."""

    permitted: bool

    rule: str = ""
    """Why it is not permitted; empty where it is."""

    chosen: str = ""
    """The branch of an OR that was relied on; empty where there was no choice."""

    name: str = ""
    """The licence in SPDX's spelling, where the declaration names exactly one."""


def states_nothing(declared: str) -> bool:
    """Return whether `declared` only says that the licence is not known or not listed."""
    return declared.strip().lower() in _NOT_STATED


def standing_of(declared: str, permitted: Collection[str]) -> Standing:
    """Judge one declaration.

    Args:
        declared: As written in a document; anything.
        permitted: Names as `canonical_name` returns them.
    """
    text = _from_address(declared.strip())
    if states_nothing(text):
        return Standing(permitted=False, rule="not-stated")
    tree = _parse(text)
    if tree is None:
        return Standing(permitted=False, rule="not-an-expression")
    return _judge(tree, permitted)


def canonical_name(name: str) -> str:
    """Return the one spelling of a licence that a policy may permit.

    Raises:
        ValueError: `name` is not exactly one known licence, with or without an exception.
    """
    tree = _parse(name)
    if tree is None or _branches(tree):
        raise ValueError(f"`{name}` is not the name of one licence")
    standing = _judge(tree, _Everything())
    if not standing.permitted:
        reason = {
            "no-version": "names several licences; name one with its version, such as `CC-BY-4.0`",
            "not-stated": "names no licence",
            "unrecognised-text": "stands for texts that nobody has identified",
            "unknown-exception": "has an exception that SPDX does not know",
        }.get(standing.rule, "is no licence that SPDX or the Hugging Face hub knows")
        raise ValueError(f"`{name}` {reason}")
    return standing.name


class _Everything(tuple[str, ...]):
    """A list of permitted licences that holds every name."""

    __slots__ = ()

    def __contains__(self, name: object) -> bool:
        return True


def _from_address(text: str) -> str:
    for pattern, name in _ADDRESSES:
        if (match := pattern.fullmatch(text)) is not None:
            return name.format(*match.groups())
    return text


def _parse(text: str) -> Any:
    """Return the expression as a tree, or `None` where it is none."""
    if len(text) > MAX_LENGTH:
        return None
    try:
        return _grammar().parse(text)
    except Exception:  # noqa: BLE001 - beside its own errors the parser leaks IndexError and AssertionError
        return None


@functools.cache
def _grammar() -> Any:
    from license_expression import Licensing

    # Without a list of known licences, so that every name arrives here as it was written: the
    # library's own list takes `GPL` for a version of it, and some `LicenseRef-` names for MIT.
    return Licensing()


def _branches(tree: Any) -> tuple[Any, ...]:
    """Return the operands of an AND or OR; none where `tree` is one licence."""
    return tuple(tree.args) if isinstance(tree, (_grammar().AND, _grammar().OR)) else ()


def _judge(tree: Any, permitted: Collection[str]) -> Standing:
    branches = [_judge(each, permitted) for each in _branches(tree)]
    if not branches:
        return _judge_one(tree, permitted)
    refused = next((each for each in branches if not each.permitted), None)
    if isinstance(tree, _grammar().AND):
        chosen = ", ".join(each.chosen for each in branches if each.chosen)
        name = " AND ".join(each.name for each in branches)
        return refused or Standing(permitted=True, chosen=chosen, name=name)
    first = next((each for each in branches if each.permitted), None)
    return replace(first, chosen=first.chosen or first.name) if first else branches[0]


def _judge_one(leaf: Any, permitted: Collection[str]) -> Standing:
    exception = getattr(leaf, "exception_symbol", None)
    written = leaf.key if exception is None else leaf.license_symbol.key
    name, rule = _resolve(written)
    if rule:
        return Standing(permitted=False, rule=rule)
    if exception is not None:
        known, is_exception = _spdx().get(exception.key.lower(), ("", False))
        # Beyond SPDX the library lists riders that take permissions away, such as the Commons Clause.
        if not is_exception or known.startswith("LicenseRef-"):
            return Standing(permitted=False, rule="unknown-exception")
        with_exception = f"{name} WITH {known}"
        if with_exception in permitted or name in permitted:
            return Standing(permitted=True, name=with_exception)
        return Standing(permitted=False, rule=f"not-permitted:{with_exception}")
    if name in permitted:
        return Standing(permitted=True, name=name)
    # `+` offers this version or a later one; whoever may use this one may take the offer.
    if name.endswith("+") and name[:-1] in permitted:
        return Standing(permitted=True, name=name)
    if name.startswith("LicenseRef-") and name.lower() not in _spdx():
        return Standing(permitted=False, rule="unknown-licence")
    return Standing(permitted=False, rule=f"not-permitted:{name}")


def _resolve(written: str) -> tuple[str, str]:
    """Return the canonical name of one licence, or else the rule that it breaks."""
    key = written.strip().lower()
    if key in _NOT_STATED:
        return "", "not-stated"
    if key == UNRECOGNISED_TEXT.lower():
        return "", "unrecognised-text"
    if key in _FAMILIES:
        return "", "no-version"
    if key in _HUB_ONLY:
        return key, ""
    known, is_exception = _spdx().get(_SINGLE_VERSION.get(key, key).lower(), ("", False))
    if known and not is_exception:
        return known, ""
    if key.startswith("licenseref-"):
        return f"LicenseRef-{written.strip()[len('LicenseRef-') :]}", ""
    if key.endswith("+") and (base := _resolve(key[:-1]))[0]:
        return f"{base[0]}+", ""
    return "", "unknown-licence"


@functools.cache
def _spdx() -> Mapping[str, tuple[str, bool]]:
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
