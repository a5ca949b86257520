"""Policies and evidence to decide on: made by hand, and made by Hypothesis."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from assaymark.model.decision import Decision, Enforcement, Outcome
from assaymark.model.evidence import (
    CheckRecord,
    Coverage,
    DetectorRecord,
    Evidence,
    FindingLog,
    SubjectEvidence,
)
from assaymark.model.finding import Severity
from assaymark.model.measurement import Counts, Labels, NotMeasured, Result, share
from assaymark.model.subject import Sha256, Subject, SubjectKind
from assaymark.model.waiver import Waiver
from assaymark.policy.policy import AllOf, AnyOf, Bound, Clause, Not, Policy, Requirement

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
METRICS = ("f.a", "f.b", "f.c")
LABELS: tuple[Labels, ...] = ((), (("entity", "X"),))
DIGESTS = tuple(Sha256(digit * 64) for digit in "123")


def bound(metric: str = "f.a", labels: Labels = (), **limit: float) -> Bound:
    """A bound, `at_most=0.1` unless said otherwise."""
    return Bound(metric=metric, labels=labels, **(limit or {"at_most": 0.1}))


def requirement(
    clause: Clause | None = None,
    id: str = "r",  # noqa: A002 - the field's name
    enforce: Enforcement = Enforcement.DENY,
    on: tuple[SubjectKind, ...] = (SubjectKind.DATASET,),
) -> Requirement:
    """A requirement on datasets that denies."""
    return Requirement(
        id=id, clause=clause or bound(), on=on, severity=Severity.HIGH, enforce=enforce
    )


def policy(*requirements: Requirement, valid_until: date | None = None) -> Policy:
    """A policy whose one check `c` reads the one detector `d`."""
    return Policy(
        name="p",
        version="1",
        owner="o",
        valid_until=valid_until,
        description="",
        report_days=90,
        confidence=0.95,
        detectors={"d": {"min": 0.5}},
        checks={"c": {}},
        requirements=requirements,
        frameworks=(),
        guard={},
        files=(),
        digest=Sha256("b" * 64),
    )


def measured(
    hits: int,
    judged: int,
    unjudged: int = 0,
    metric: str = "f.a",
    labels: Labels = (),
    *,
    sampled: bool = False,
) -> Result:
    """The share of `hits` in so many rows."""
    counts = Counts(hits=hits, judged=judged, unjudged=unjudged)
    return share(metric, "c", labels, counts, sampled=sampled)


def about(
    *results: Result,
    digest: Sha256 = DIGESTS[0],
    kind: SubjectKind = SubjectKind.DATASET,
) -> SubjectEvidence:
    """What is known about one subject."""
    return SubjectEvidence(
        subject=Subject(kind=kind, name="s", digest=digest, files=1, size=1),
        coverage=Coverage(rows=9, read=9, empty=0, texts=9, skipped={}, fields={}),
        results=results,
        findings=FindingLog(total=0, digest=Sha256("0" * 64), sample=()),
    )


def evidence(*subjects: SubjectEvidence) -> Evidence:
    """A run of the check `c` with the settings that `policy` asks for."""
    return Evidence(
        tool="assaymark 0",
        detectors=(
            DetectorRecord(
                id="d", version="1", digest=Sha256("d" * 64), settings={"min": 0.5}, quality={}
            ),
        ),
        checks=(CheckRecord(id="c", version="1", settings={}, detectors=("d",)),),
        subjects=subjects,
    )


def waiver(
    id: str = "w",  # noqa: A002 - the field's name
    requirement: str = "r",
    subject: Sha256 = DIGESTS[0],
    granted_at: datetime = NOW - timedelta(days=1),
    expires_at: datetime = NOW + timedelta(days=1),
) -> Waiver:
    """A waiver in force."""
    return Waiver(
        id=id,
        requirement=requirement,
        subject=subject,
        reason="agreed",
        approver="a",
        granted_at=granted_at,
        expires_at=expires_at,
    )


def by_place(decision: Decision) -> dict[tuple[str, Sha256 | None], Outcome]:
    """Every outcome by requirement and subject."""
    return {(each.requirement, each.subject): each for each in decision.outcomes}


@st.composite
def counts(draw: st.DrawFn) -> Counts:
    """Few rows and many, with hits at the ends and between."""
    judged = draw(st.integers(1, 12) | st.integers(1, 5_000))
    hits = draw(st.sampled_from([0, judged]) | st.integers(0, judged))
    return Counts(hits=hits, judged=judged, unjudged=draw(st.sampled_from([0, 0, 1, 50])))


@st.composite
def results(draw: st.DrawFn) -> tuple[Result, ...]:
    """For each metric and label: a fact, a sample, a reason, or nothing."""
    found: list[Result] = []
    for metric in METRICS:
        for labels in LABELS:
            match draw(st.sampled_from(["exact", "sample", "reason", "nothing"])):
                case "reason":
                    found.append(NotMeasured(metric=metric, check="c", labels=labels, reason="x"))
                case "nothing":
                    pass
                case how:
                    these = draw(counts())
                    found.append(share(metric, "c", labels, these, sampled=how == "sample"))
    return tuple(found)


LIMITS = st.sampled_from([0.0, 0.05, 0.3, 0.5, 0.9, 1.0]) | st.floats(0.0, 1.0)
BOUNDS = st.builds(
    lambda metric, labels, limit, name: Bound(metric=metric, labels=labels, **{name: limit}),
    st.sampled_from(METRICS),
    st.sampled_from(LABELS),
    LIMITS,
    st.sampled_from(["at_most", "at_least"]),
)
CLAUSES: st.SearchStrategy[Clause] = st.recursive(
    BOUNDS,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        .map(tuple)
        .flatmap(lambda each: st.sampled_from([AllOf(each), AnyOf(each), Not(each[0])]))
    ),
    max_leaves=4,
)
KINDS = st.lists(st.sampled_from(SubjectKind), min_size=1, max_size=2, unique=True).map(tuple)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Up to four requirements of any form."""
    clauses = draw(st.lists(CLAUSES, max_size=4))
    made = [
        requirement(
            clause, f"r{index}", draw(st.sampled_from(list(Enforcement)[::-1])), draw(KINDS)
        )
        for index, clause in enumerate(clauses)
    ]
    return replace(
        policy(*made, valid_until=draw(st.sampled_from([None, NOW.date(), date(2026, 5, 31)]))),
        confidence=draw(st.sampled_from([0.95, 0.6, 0.999])),
    )


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    """Up to three subjects, of which any may be of any kind."""
    number = draw(st.integers(0, 3))
    return evidence(
        *(
            about(*draw(results()), digest=digest, kind=draw(st.sampled_from(SubjectKind)))
            for digest in DIGESTS[:number]
        )
    )


WAIVERS = st.lists(
    st.builds(
        waiver,
        id=st.sampled_from(["w1", "w2", "w3"]),
        requirement=st.sampled_from(["r0", "r1", "r9"]),
        subject=st.sampled_from(DIGESTS),
        granted_at=st.sampled_from([NOW - timedelta(days=1), NOW, NOW + timedelta(seconds=1)]),
        expires_at=st.sampled_from([NOW, NOW + timedelta(seconds=1), NOW + timedelta(days=9)]),
    ),
    max_size=4,
    unique_by=lambda each: each.id,
)
