"""What an export says it was made from."""

from __future__ import annotations

from assaymark.report.origin import Origin
from report.exported import DIGEST, ORIGIN, OTHER


def test_every_input_is_named_by_its_digest() -> None:
    """Evidence first, then the signed report, then documents in their order."""
    assert list(ORIGIN.digests()) == [
        ("evidence:sha256", OTHER),
        ("report:statement:sha256", DIGEST),
        ("report:bundle:sha256", OTHER),
        ("document:assaymark.yaml:sha256", DIGEST),
    ]


def test_an_unsigned_audit_names_no_report() -> None:
    """Nothing stands in its place."""
    assert list(Origin(evidence=DIGEST).digests()) == [("evidence:sha256", DIGEST)]
