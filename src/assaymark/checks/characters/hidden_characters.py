"""Characters that a reader does not see. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from assaymark.checks.rates import RowRateCheck
from assaymark.contracts.check import CheckMeta
from assaymark.model.finding import Severity
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind


class HiddenCharacters(RowRateCheck):
    """Share of rows with characters that a reader does not see and a model does.

    ## Why it matters
    Tag characters, zero-width characters and bidirectional controls let a text say one thing to the
    person who reviews it and another to the program that reads it: an instruction that nobody sees, or
    code that runs in another order than it is shown in ("Trojan Source", CVE-2021-42574). They also
    split words, so that a filter for personal data or abuse no longer recognises them.

    ## Remediation
    Look at the listed places with the characters made visible. Strip the characters where the language
    of the text does not need them, and ask where rows with hidden instructions came from: they were put
    there by somebody.

    ## Known limits
    Some of these characters are spelling, not tricks: joiners in Persian, Hindi and emoji sequences,
    direction marks in Arabic and Hebrew. The detector leaves the usual ones alone; a rate on such
    languages still needs a person's look. Letters that merely look alike, such as Latin and
    Cyrillic `a`, are visible characters and are not counted.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="hidden-characters",
        family="characters",
        summary="share of rows with characters that a reader does not see",
        version="1",
        added="0.1",
        metrics=(
            Metric(
                name="characters.row-rate",
                summary="share of rows with at least one hidden character",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                labels=("entity",),
            ),
        ),
        on=(SubjectKind.DATASET, SubjectKind.OUTPUTS),
        detectors=("characters",),
    )

    severity: ClassVar[Severity] = Severity.MEDIUM
    severities: ClassVar[Mapping[str, Severity]] = {
        "BIDI_CONTROL": Severity.HIGH,
        "TAG_CHARACTER": Severity.HIGH,
        "PRIVATE_USE_CHARACTER": Severity.LOW,
        "VARIATION_SELECTOR": Severity.LOW,
    }
