"""Licences that a policy permits. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from assaymark.contracts.check import CheckMeta
from assaymark.licences.expression import canonical_name, standing_of
from assaymark.licences.names import states_nothing
from assaymark.model.finding import Finding, Location, Severity, finding_at
from assaymark.model.measurement import NotMeasured, Result, count
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind

if TYPE_CHECKING:
    from assaymark.model.evidence import Coverage
    from assaymark.model.manifest import Manifest, Place
    from assaymark.model.subject import Subject

_DOCUMENT = re.compile(r"`([^`]+)`")  # problems start with the name of their document

PERMISSIVE = (
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC-BY-2.0",
    "CC-BY-2.5",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC0-1.0",
    "CDLA-Permissive-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "ODC-By-1.0",
    "PDDL-1.0",
    "Unlicense",
    "Zlib",
)
"""Licences that ask for no more than attribution and notices: no share-alike, no limit on the use."""


class LicencePermittedSettings(BaseModel):
    """What a policy may set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    permitted: tuple[str, ...] = Field(
        default=PERMISSIVE,
        min_length=1,
        description="SPDX ids, or hub tags of licences without one, that may be declared",
        json_schema_extra={"stricter": "subset"},
    )

    @field_validator("permitted")
    @classmethod
    def _spelled_as_spdx_does(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        # Two policies that permit the same licences have the same settings, whatever the spelling.
        return tuple(sorted({canonical_name(each) for each in names}))


class LicencePermitted:
    """Whether a licence is declared, and whether every declared one is permitted.

    ## Why it matters
    Without a licence there is no permission: the default of copyright law is that nothing may be copied,
    and a model trained on the data inherits the question. A non-commercial or share-alike licence is a
    permission with conditions that a product may not be able to keep. What may be used is a decision
    of your lawyers; this check holds the data to it.

    ## Remediation
    For a missing licence, ask the owner and record the answer in the dataset card (`license:`). For a
    licence that is not permitted, replace the data, obtain other terms, or, after legal review, add the
    licence to `permitted`. For a name without a version, such as `cc`, write the exact SPDX id.

    ## Known limits
    It reads what is declared beside the data and believes it; a collection's licence says nothing about
    works inside it that others own. A licence file counts by its `SPDX-License-Identifier` line; one
    without it is a text that nobody identified, and is not permitted. The duties that a permitted
    licence carries, such as attribution, are not checked. Hub tags of licences that have only one
    version (`odc-by`, `odbl`, `pddl`, `c-uda`) are read as that version. It is no legal advice.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="licence-permitted",
        family="licence",
        summary="whether a licence is declared, and every declared one is permitted",
        version="1",
        added="0.1",
        metrics=(
            Metric(
                name="licence.missing",
                summary="datasets that declare no licence, or only an unknown one",
                unit=Unit.COUNT,
                direction=Direction.LOWER,
                rules=("licence-missing", "document-not-understood"),
            ),
            Metric(
                name="licence.not-permitted",
                summary="declared licences that the settings do not permit",
                unit=Unit.COUNT,
                direction=Direction.LOWER,
                rules=(
                    "not-permitted:*",
                    "not-stated",
                    "not-an-expression",
                    "no-version",
                    "unknown-licence",
                    "unknown-exception",
                    "unrecognised-text",
                    "ambiguous-text",
                    "document-not-understood",
                ),
            ),
        ),
        on=(SubjectKind.DATASET, SubjectKind.OUTPUTS),
    )
    Settings: ClassVar[type[BaseModel]] = LicencePermittedSettings

    def __init__(self, settings: LicencePermittedSettings) -> None:
        self._permitted = frozenset(settings.permitted)

    def inspect(
        self,
        subject: Subject,
        coverage: Coverage,  # noqa: ARG002 - no row says anything about licences
        manifest: Manifest,
    ) -> tuple[Iterable[Finding], Iterable[Result]]:
        """Judge every licence that the manifest states."""
        findings: list[Finding] = []
        refused = 0
        for statement in manifest.licences:
            standing = standing_of(statement.claimed, self._permitted)
            place = _place_of(statement.place)
            if not standing.permitted:
                refused += 1
                findings.append(self._finding(standing.rule, Severity.HIGH, place))
            elif standing.chosen:
                findings.append(self._finding(f"chosen:{standing.chosen}", Severity.INFO, place))
        if all(states_nothing(each.claimed) for each in manifest.licences):
            findings.append(self._finding("licence-missing", Severity.HIGH, _place(subject.name)))
        for problem in manifest.problems:
            named = _DOCUMENT.match(problem)
            file, _, key = (named[1] if named else subject.name).partition("#")
            place = _place(file, key)
            findings.append(self._finding("document-not-understood", Severity.MEDIUM, place))
        findings.sort(key=lambda each: (each.location.file, each.location.field, each.rule))
        return findings, self._results(manifest, refused)

    def _results(self, manifest: Manifest, refused: int) -> Iterator[Result]:
        missing, not_permitted = (each.name for each in self.meta.metrics)
        unread = len(manifest.problems)
        declared = any(not states_nothing(each.claimed) for each in manifest.licences)
        if not declared and unread:
            reason = (
                f"no licence is declared, but {unread} of the documents could not be understood"
            )
            yield NotMeasured(metric=missing, check=self.meta.id, labels=(), reason=reason)
        else:
            yield count(missing, self.meta.id, (), 0 if declared else 1)
        if manifest.licences:
            # A document that could not be understood may declare one more.
            yield count(not_permitted, self.meta.id, (), refused, at_most=refused + unread)
        else:
            reason = "no licence is declared"
            yield NotMeasured(metric=not_permitted, check=self.meta.id, labels=(), reason=reason)

    def _finding(self, rule: str, severity: Severity, place: Location) -> Finding:
        return finding_at(self.meta.id, rule, place, severity)


def _place_of(place: Place) -> Location:
    return _place(place.file, place.field, place.line)


def _place(file: str, key: str = "", line: int | None = None) -> Location:
    return Location(file=file, row=0, line=line, field=key, start=0, end=0)
