"""Reading the predicate: strict, and never a report that contradicts itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from assaymark.attest.bundle import sign
from assaymark.attest.report import AuditReport, read_report
from assaymark.attest.verify import verify
from assaymark.errors import NotAuthenticError
from assaymark.model.decision import Enforcement, Verdict
from assaymark.policy.policy import Policy
from attest.by_hand import (
    NOW,
    POLICY_DIGEST,
    make_evidence,
    make_key,
    make_policy,
    make_requirement,
    make_signer,
    make_statement,
    make_subject,
    make_waiver,
)


def read(statement: bytes) -> AuditReport:
    """The report in a statement, signed and verified on the way."""
    return read_report(verify(sign(statement, make_signer()), [make_key()], now=NOW))


def refusal(statement: bytes, change: Callable[[Any], Any]) -> str:
    """What `read_report` says against a predicate that was changed before it was signed."""
    data = json.loads(statement)
    change(data["predicate"])
    with pytest.raises(NotAuthenticError) as caught:
        read(json.dumps(data).encode())
    assert caught.value.step == 9
    return caught.value.message


WAIVED = make_policy(make_requirement(at_most=0.001))


def waived() -> bytes:
    """A report that passes by a waiver."""
    return make_statement(WAIVED, waivers=(make_waiver(),))


def test_what_is_written_is_read() -> None:
    """The typed report says what the decision said."""
    report = read(make_statement())

    assert report.decision.verdict is Verdict.PASS
    assert report.policy_digest == POLICY_DIGEST
    assert report.policy_version == "1.3.0"
    assert report.subjects[0].coverage == make_subject().coverage
    assert report.subjects[0].measurements == make_subject().results
    assert report.checks == make_evidence().checks
    assert report.frameworks[0].controls == make_policy().frameworks[0].controls


def test_waivers_come_back_as_they_were() -> None:
    """Used or not, what was put forward can be put forward again."""
    other = make_waiver(id="W-2", requirement="none-such")
    report = read(make_statement(WAIVED, waivers=(make_waiver(), other)))

    assert [each.waiver() for each in report.waivers] == [make_waiver(), other]
    assert report.requirements[0].waived_by == "W-1"
    assert [each.id for each in report.decision.unused_waivers] == ["W-2"]


@pytest.mark.parametrize(
    "policy",
    [
        make_policy(),
        make_policy(make_requirement(at_most=0.001)),
        make_policy(make_requirement(at_most=0.015)),
        make_policy(make_requirement(metric="none.such")),
        make_policy(make_requirement(enforce=Enforcement.WARN)),
    ],
    ids=["pass", "fail", "undecided", "not measured", "nothing enforced"],
)
def test_every_verdict_is_readable(policy: Policy) -> None:
    """A report that denies is as well-formed as one that passes."""
    for sampled in (False, True):
        report = read(make_statement(policy, make_evidence(make_subject(sampled=sampled))))
        assert report.requirements


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p: p.pop("tool"), "predicate: the key `tool` is missing"),
        (lambda p: p.update(note="x"), "predicate: unknown key `note`"),
        (
            lambda p: p["decision"].update(verdict="MAYBE"),
            "predicate.decision.verdict: expected one of PASS, FAIL, UNDECIDED",
        ),
        (
            lambda p: p["decision"].update(verdict=True),
            "predicate.decision.verdict: expected a string, got a boolean",
        ),
        (
            lambda p: p["subjects"][0].update(size="12"),
            "predicate.subjects[0].size: expected an integer, got a string",
        ),
        (
            lambda p: p["subjects"][0]["measurements"][0].update(type="guessed"),
            "predicate.subjects[0].measurements[0].type: expected one of measured, notMeasured",
        ),
        (
            lambda p: p["policy"].update(uri=None),
            "predicate: not in the one form that a report has",
        ),
        (
            lambda p: p["policy"]["digest"].update(sha1="0" * 40),
            "predicate.policy.digest: expected `sha256` alone, in 64 lower-case hexadecimal digits",
        ),
        (
            lambda p: p["detectors"][0].update(digest={"sha256": "0" * 63}),
            (
                "predicate.detectors[0].digest: expected `sha256` alone, "
                "in 64 lower-case hexadecimal digits"
            ),
        ),
        (
            lambda p: p["subjects"][0].update(digest={"sha256": "b" * 64}),
            "the report's subjects are not the statement's subjects",
        ),
        (lambda p: p["subjects"].clear(), "the report's subjects are not the statement's subjects"),
        (
            lambda p: p["decision"].update(decidedAt="2026-05-31T12:00:00Z"),
            "the report states two times of decision",
        ),
        (
            lambda p: p["validity"].update(validUntil="2026-05-31T12:00:00Z"),
            "the report ends before it begins",
        ),
        (
            lambda p: p["requirements"][0].update(subject={"sha256": "b" * 64}),
            "the requirement `no-card-numbers` is judged for a subject that is not in the report",
        ),
        (
            lambda p: p["requirements"][0].update(status="undecided"),
            "the report says PASS, yet `no-card-numbers` is undecided",
        ),
        (
            lambda p: p["requirements"][0].update(status="broken"),
            "the report says PASS, yet `no-card-numbers` is broken",
        ),
        (
            lambda p: p["requirements"].clear(),
            f"the report says PASS, yet holds nothing against subject {'a' * 64}",
        ),
        (
            lambda p: p["requirements"][0].update(enforce="warn"),
            f"the report says PASS, yet holds nothing against subject {'a' * 64}",
        ),
        (
            lambda p: p["requirements"][0].pop("subject"),
            f"the report says PASS, yet holds nothing against subject {'a' * 64}",
        ),
    ],
)
def test_a_report_that_cannot_be(change: Any, reason: str) -> None:
    """A trusted key does not make sense of nonsense."""
    assert refusal(make_statement(), change) == reason


NO_WAIVER = "the requirement `no-card-numbers` is waived by no waiver of the report"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p: p["waivers"].clear(), NO_WAIVER),
        (lambda p: p["waivers"][0].update(requirement="other"), NO_WAIVER),
        (lambda p: p["waivers"][0].update(subject={"sha256": "b" * 64}), NO_WAIVER),
        (lambda p: p["waivers"][0].update(expiresAt="2026-06-01T12:00:00Z"), NO_WAIVER),
        (lambda p: p["waivers"][0].update(grantedAt="2026-06-01T12:00:01Z"), NO_WAIVER),
        (lambda p: p["requirements"][0].update(status="undecided"), NO_WAIVER),
        (lambda p: p["waivers"].append(p["waivers"][0]), "two waivers have the same id"),
    ],
)
def test_a_waiver_that_does_not_excuse(change: Any, reason: str) -> None:
    """A waived requirement needs a waiver that was in force, for it, for this subject."""
    assert read(waived()).decision.verdict is Verdict.PASS
    assert refusal(waived(), change) == reason
