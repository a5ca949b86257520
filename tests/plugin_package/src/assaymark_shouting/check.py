"""A check on words in capitals."""

from __future__ import annotations

from typing import ClassVar

from assaymark.checks.rates import RowRateCheck
from assaymark.contracts.check import CheckMeta
from assaymark.model.finding import Severity
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind


class ShoutingRate(RowRateCheck):
    """Share of rows with a word in capitals.

    ## Why it matters
    A model that is fed shouting shouts.

    ## Remediation
    Lower the case of the listed words.

    ## Known limits
    Abbreviations of five letters shout too.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="shouting-rate",
        family="style",
        summary="share of rows with a word in capitals",
        version="1",
        added="1.0",
        metrics=(
            Metric(
                name="style.shouting-rate",
                summary="share of rows with a word in capitals",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                labels=("entity",),
            ),
        ),
        on=(SubjectKind.DATASET,),
        detectors=("shouting",),
    )

    severity: ClassVar[Severity] = Severity.INFO
