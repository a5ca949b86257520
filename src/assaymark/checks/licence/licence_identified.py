"""Licences that name exactly one. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from assaymark.checks.licence.declared import Declared, declared
from assaymark.checks.statements import Breach, Remark, Rule, StatementCheck
from assaymark.contracts.check import CheckMeta
from assaymark.licences.expression import is_local, leaves
from assaymark.licences.names import NAMELESS_TEXTS
from assaymark.model.finding import Severity
from assaymark.model.manifest import Scope
from assaymark.model.subject import SubjectKind

if TYPE_CHECKING:
    from assaymark.model.manifest import Manifest
    from assaymark.model.subject import Subject

_RULES = (
    Rule(
        id="LIC-001",
        metric="licence.unstated",
        summary="subjects and sources for which nobody states a licence",
    ),
    Rule(
        id="LIC-002",
        metric="licence.unidentified",
        summary="declarations that do not name exactly one licence each",
    ),
    Rule(
        id="LIC-003",
        metric="licence.own-terms-unnamed",
        summary="declarations of own terms without a name, a link and the digest of the text",
    ),
)


class LicenceIdentified(StatementCheck):
    """Whether every licence is stated, names exactly one, and own terms can be looked up.

    ## Rules
    - `LIC-001` (high): no licence, or only `unknown`, `NOASSERTION`, `NONE` and the like.
    - `LIC-002` (high): an expression that does not parse, an id that nobody knows, a name without a
      version such as `cc`. The text of a licence file counts as its id where it is that licence word for
      word. A text that several licences share (`ambiguous-text`, such as `GPL-3.0-only/GPL-3.0-or-later`)
      and one that is none (`unrecognised-text`, with `like-…` where it resembles one) leave the number
      open. An id that SPDX gave up is a remark, `deprecated-id`.
    - `LIC-003` (high): `other`, or a `LicenseRef-` name, without a name, a link or the SHA-256 of its text.

    ## Why it matters
    Whoever asks later what may be done with the data gets no answer from `other` or `cc`. Terms behind a
    link change; without the digest of the text nobody can show what was agreed to.

    ## Remediation
    Write the exact SPDX id (`CC-BY-4.0`, not `cc`). For own terms write a `LicenseRef-` name with `name`,
    `link` and `sha256` in a manifest. Put an `SPDX-License-Identifier` line into licence files.

    ## Known limits
    Texts are compared with those of about 680 SPDX licences, by fingerprints. One word more or less and a
    text is no longer that licence, since a word can change everything: names, years, copyright notices,
    numbering and addresses may differ. Titles and sentences are read only where they
    leave no other reading. It is no legal advice.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="licence-identified",
        family="licence",
        summary="whether every licence is stated, names exactly one, and own terms can be looked up",
        version="2",
        added="0.1",
        metrics=tuple(each.as_metric() for each in _RULES),
        on=(SubjectKind.DATASET, SubjectKind.OUTPUTS, SubjectKind.MODEL),
    )
    rules: ClassVar[tuple[Rule, ...]] = _RULES

    def judge(self, manifest: Manifest, subject: Subject) -> Iterator[Breach | Remark]:  # noqa: ARG002
        """Judge every declaration."""
        every = list(declared(manifest, *Scope))
        if not any(each.is_stated for each in every if each.statement.scope is Scope.SUBJECT):
            # A document that was not understood may state one.
            yield Breach(rule="LIC-001", is_open=bool(manifest.problems))
        for each in every:
            if each.is_stated:
                yield from _names(each)
            elif each.statement.scope is not Scope.SUBJECT and not _said_elsewhere(each, every):
                yield Breach(rule="LIC-001", place=each.statement.place)
            yield from _own_terms(each)


def _said_elsewhere(one: Declared, every: list[Declared]) -> bool:
    key = (one.statement.scope, one.statement.of)
    return any(
        each.is_stated and (each.statement.scope, each.statement.of) == key for each in every
    )


def _names(one: Declared) -> Iterator[Breach | Remark]:
    place = one.statement.place
    for leaf in leaves(one.tree):
        if leaf.name.rule:
            is_text = leaf.name.rule in ("unrecognised-text", "ambiguous-text")
            # What its reader found it to be, or to be like: ids of licences, joined by `/`.
            hint = f":{one.statement.name}" if is_text and one.statement.name else ""
            detail = f"{leaf.name.rule}{hint}"
            yield Breach(rule="LIC-002", detail=detail, place=place, is_open=is_text)
        elif leaf.name.is_deprecated:
            yield Remark(text=f"deprecated-id:{leaf.name.id}", place=place)


def _own_terms(one: Declared) -> Iterator[Breach]:
    statement = one.statement
    is_own = statement.expression.strip().lower() == "other" or any(
        leaf.name.id.startswith("LicenseRef-")
        and leaf.name.id not in NAMELESS_TEXTS
        and is_local(leaf.name.id)
        for leaf in leaves(one.tree)
    )
    parts = {"name": statement.name, "link": statement.link, "text": statement.text_digest}
    missing = [part for part, value in parts.items() if not value]
    if is_own and missing:
        detail = "without-" + "-".join(missing)
        severity = Severity.MEDIUM if missing == ["text"] else None
        yield Breach(rule="LIC-003", detail=detail, place=statement.place, severity=severity)
