"""
What fields of CycloneDX may hold: licences, hashes and properties.

A value that a field cannot hold is left out of it, and never bent to fit.

Source: ECMA-424, CycloneDX 1.6: licenseChoice, hash, property.

tests/report/test_cyclonedx.py
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from assaymark.model.manifest import LicenceStatement
from assaymark.report.declared_fields import expression_of, is_address, well_formed

Json: TypeAlias = dict[str, Any]

_ALGORITHMS = {
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
}


def property_of(name: str, value: str) -> Json:
    """Return a property of ours."""
    return {"name": f"assaymark:{name}", "value": value}


def licences_of(declared: Iterable[LicenceStatement]) -> list[Json]:
    """Return one expression where all agree on one that SPDX can write, and names otherwise."""
    written = dict.fromkeys(
        (expression_of(each.claimed) or "", each.claimed, each.link) for each in declared
    )
    expressions = {expression for expression, _, _ in written}
    if len(expressions) == 1 and "" not in expressions:
        return [{"expression": expressions.pop()}]
    return [
        {"license": {"name": expression or name, **_link(link)}}
        for expression, name, link in written
        if expression or name
    ]


def _link(link: str) -> Json:
    return {"url": link} if is_address(link) else {}


def hashes_of(digests: Iterable[tuple[str, str]]) -> list[Json]:
    """Return the digests that CycloneDX can hold; a malformed one is no digest."""
    return [
        {"alg": _ALGORITHMS[algorithm], "content": digits}
        for algorithm, digits in well_formed(digests)
    ]
