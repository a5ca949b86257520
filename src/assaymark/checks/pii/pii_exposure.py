"""Personal data in rows. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from assaymark.checks.rates import RowRateCheck
from assaymark.contracts.check import CheckMeta
from assaymark.model.finding import Severity
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind

_LOW = (
    "DATE_TIME",
    "DE_HANDELSREGISTER",
    "KR_BRN",
    "LOCATION",
    "ORGANIZATION",
    "SE_ORGANISATIONSNUMMER",
    "SG_UEN",
    "URL",
    "UUID",
    "ZA_COMPANY_REGISTRATION",
)
"""Rarely personal alone."""

_MEDIUM = (
    "AU_ABN",
    "AU_ACN",
    "CA_POSTAL_CODE",
    "DE_PLZ",
    "EMAIL_ADDRESS",
    "IP_ADDRESS",
    "MAC_ADDRESS",
    "PERSON",
    "PHONE_NUMBER",
    "UK_POSTCODE",
    "ZA_MOBILE_NUMBER",
    "ZA_TELEPHONE_NUMBER",
)
"""Identifies or reaches a person, and is often public."""

_CRITICAL = ("CREDIT_CARD", "US_SSN")
"""Enough, alone, to take a person's money or to open an account in their name."""


class PiiExposure(RowRateCheck):
    """Share of rows that hold personal data, for each kind of it.

    ## Why it matters
    Personal data in a training set can be recited by the model to strangers; in a model's outputs it
    has been already. Processing must be limited to what is necessary and have a legal basis (GDPR,
    Articles 5(1)(c) and 6; for health data in the United States, HIPAA, 45 CFR 164.514). A share for
    each kind shows which of these duties a dataset touches.

    ## Remediation
    Mask or remove what the findings name: `findings.parquet` has file, row, field and offsets of each.
    Then audit again. If the data is meant to be there, narrow the requirement to the kinds that must
    not be, and record the legal basis beside it in the policy, whose changes are reviewed.

    ## Known limits
    It counts what the detector sees: a kind that the detector does not know, or has switched off, is not
    in the rate. Patterns with check digits are near certain; names and places rest on a model, which
    misses more: `reports/benchmarks/pii_quality.md` says how much, for each. A text that the model cannot
    read is unjudged for names and judged for the rest.
    A value in disguise is seen where one of the detector's `views` undoes the disguise: Unicode look-alikes,
    escapes, base64, values spaced out, spelled out in English or broken over lines; not where it is
    hexadecimal, reversed or enciphered. A row counts once, so the rate says nothing about how much stands
    in it.
    What Presidio takes for something else is counted as that: numbers with dots or blanks, such as versions,
    addresses of machines and times, at times as telephone numbers. A place may count under two entities.
    An entity whose patterns cannot score as high as `min_score` is never counted; the report names those
    that came with the defaults, and a policy that names one itself is refused. A text of more than
    1,000,000 characters is not judged. `docs/detectors/pii.md` lists what the detector does not see.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="pii-exposure",
        family="pii",
        summary="share of rows that hold personal data",
        version="1",
        added="0.1",
        metrics=(
            Metric(
                name="pii.row-rate",
                summary="share of rows with at least one piece of personal data",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                labels=("entity",),
            ),
            Metric(
                name="pii.unjudged-rate",
                summary="share of rows with a text that the detector could not judge",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
            ),
        ),
        on=(SubjectKind.DATASET, SubjectKind.OUTPUTS),
        detectors=("pii",),
    )

    severity: ClassVar[Severity] = Severity.HIGH  # most of the rest are official or account numbers
    severities: ClassVar[Mapping[str, Severity]] = {
        **dict.fromkeys(_LOW, Severity.LOW),
        **dict.fromkeys(_MEDIUM, Severity.MEDIUM),
        **dict.fromkeys(_CRITICAL, Severity.CRITICAL),
    }
