"""Credentials in rows. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from assaymark.checks.rates import RowRateCheck
from assaymark.contracts.check import CheckMeta
from assaymark.model.finding import Severity
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind


class SecretExposure(RowRateCheck):
    """Share of rows that hold a credential: a key, a token, a password, a connection string.

    ## Why it matters
    A credential works for whoever reads it. Code and support logs carry them into training sets, and
    models have been shown to repeat them word for word. Unlike a name, a leaked credential is
    an open door until somebody revokes it.

    ## Remediation
    Revoke the credential first, whatever happens to the data: a copy is already out. Then remove it
    where `findings.parquet` says it stands, find out how it came into the data, and audit again.

    ## Known limits
    It does not try a credential, so it cannot tell a live one from an example in a manual. Formats with
    a fixed prefix or a checksum are near certain; a password in free prose is often missed.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="secret-exposure",
        family="secrets",
        summary="share of rows that hold a credential",
        version="1",
        added="0.1",
        metrics=(
            Metric(
                name="secrets.row-rate",
                summary="share of rows with at least one credential",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                labels=("entity",),
            ),
            Metric(
                name="secrets.unjudged-rate",
                summary="share of rows with a text that the detector could not judge",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
            ),
        ),
        on=(SubjectKind.DATASET, SubjectKind.OUTPUTS),
        detectors=("secrets",),
    )

    severity: ClassVar[Severity] = Severity.CRITICAL
    severities: ClassVar[Mapping[str, Severity]] = {
        # Found by what stands around them, or short-lived: more often no live credential.
        "GENERIC_SECRET": Severity.HIGH,
        "JWT": Severity.HIGH,
        "PASSWORD": Severity.HIGH,
    }
