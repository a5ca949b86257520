"""
What an exported document was made from, by digest.

An export is read far from the audit that it repeats. So each names the evidence, the signed report beside it
and the documents that were read, by the digests of their bytes. That a report is named is no word about its
signature: `assaymark verify` judges that.

tests/report/test_origin.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from assaymark.model.subject import Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedReport:
    """The signed report that is about the same evidence."""

    statement: Sha256
    """Digest of the signed bytes: the report's identity, whatever is added to its bundle later."""

    bundle: Sha256
    """Digest of the bundle's file."""

    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Everything that an export was made from."""

    evidence: Sha256
    """Digest of the bytes of `evidence.json`."""

    report: NamedReport | None = None
    """`None` where the audit was not signed."""

    documents: tuple[tuple[str, Sha256], ...] = ()
    """Name and digest of each document that was read, in their order."""

    def digests(self) -> Iterator[tuple[str, str]]:
        """Yield what each digest is of, in words without spaces, and the digest."""
        yield "evidence:sha256", self.evidence
        if self.report is not None:
            yield "report:statement:sha256", self.report.statement
            yield "report:bundle:sha256", self.report.bundle
        for name, digest in self.documents:
            yield f"document:{name}:sha256", digest
