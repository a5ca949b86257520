"""
Deny unless a PASS is proven, here and now, for every artifact. Reports, trust and a clock in; an answer out.

The steps have the numbers of `assaymark.attest.verify`, which takes the first five and the signer's part
of the seventh. Here:

 6. *Subject.* A report counts for an artifact only if one of its subject digests is the digest that we
    computed. Names count for nothing.
 7. *Time.* Now is within the validity that the report states and the age that the trust file allows.
 9. *Report.* The predicate follows its schema and does not contradict itself; the `evidence.json` beside
    it, if given, is the one that it names; its policy is allowed; decided again, where that is asked
    for, the evidence gives the same answer.
11. *Verdict.* Of each policy, the newest word on the artifact is PASS. At one time the worst counts.

Laws, held by tests/gate/test_laws.py:

* A report that does not hold refuses everything: someone tried, and a quiet skip would reward trying.
* A FAIL or UNDECIDED is overruled only by a later PASS under the same policy, and never lapses: validity
  and age limit what may be relied on, not what was found wrong.
* Leaving out a PASS that holds never admits more.
* A report under a policy that is not allowed changes nothing.
* The order of reports and artifacts changes nothing.

What the laws cannot hold: a FAIL that nobody presents. Only a log can show that a report is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from assaymark.attest.report import AuditReport, read_report
from assaymark.attest.trust import Trust
from assaymark.attest.verify import Step, VerifiedStatement, verify
from assaymark.canonical import sha256_of
from assaymark.errors import NotAuthenticError, UsageError
from assaymark.gate.admission import (
    Admission,
    Artifact,
    Grounds,
    Line,
    PresentedReport,
    Refusal,
    Ruling,
)
from assaymark.gate.reevaluate import MissingForReevaluationError, reevaluate
from assaymark.model.codec import format_time
from assaymark.model.decision import Verdict
from assaymark.policy.policy import Policy

_RANK = list(Ruling)
_WORST_LAST = (Verdict.PASS, Verdict.UNDECIDED, Verdict.FAIL)
_RULING = {Verdict.FAIL: Ruling.DENIED, Verdict.UNDECIDED: Ruling.UNDECIDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A report that holds."""

    name: str
    statement: VerifiedStatement
    report: AuditReport

    @property
    def verdict(self) -> Verdict:
        return self.report.decision.verdict

    @property
    def age(self) -> tuple[datetime, int, str]:
        """Sorts from the oldest to the newest word; at one time the worst is the last."""
        rank = _WORST_LAST.index(self.verdict)
        return self.report.decision.decided_at, rank, self.statement.digest

    def is_about(self, artifact: Artifact) -> bool:
        return any(each.digest == artifact.digest for each in self.statement.subjects)


def gate(
    reports: Sequence[PresentedReport],
    trust: Trust,
    artifacts: Sequence[Artifact],
    now: datetime,
    *,
    reevaluate_with: Sequence[Policy] | None = None,
) -> Admission:
    """Say whether all of `artifacts` may be deployed.

    Args:
        reports: All that are known; a gate that is shown less knows less.
        trust: Whom to believe, and under which policies.
        artifacts: What is to be deployed, hashed by the caller.
        now: The verifier's clock, with a time zone.
        reevaluate_with: Decide again every report that counts, with these policies, and demand the same
            answer; `None` for no such demand.

    Raises:
        UsageError: There is no artifact, or the trust file allows no policy.
    """
    if not artifacts:
        raise UsageError("there is nothing to gate", hint="name what is deployed: `--subject PATH`")
    if not trust.names_policies:
        raise UsageError(
            "the trust file allows no policy, so no report can count",
            hint="list the digest of the policy under `policies: allow:`",
        )
    return _Gate(trust, now, reevaluate_with).judge(reports, artifacts)


class _Gate:
    """One answer in the making."""

    def __init__(self, trust: Trust, now: datetime, policies: Sequence[Policy] | None) -> None:
        self._trust = trust
        self._now = now
        self._policies = policies
        self._lines: list[Line] = []
        self._refusals: list[Refusal] = []
        self._grounds: list[Grounds] = []

    def judge(self, reports: Sequence[PresentedReport], artifacts: Sequence[Artifact]) -> Admission:
        opened = [found for each in reports if (found := self._open(each)) is not None]
        counting = [each for each in opened if self._allowed(each)]
        for artifact in artifacts:
            self._judge_artifact(artifact, opened, counting)
        rulings = [each.ruling for each in self._refusals]
        return Admission(
            ruling=max(rulings, key=_RANK.index, default=Ruling.ADMITTED),
            checked_at=self._now,
            refusals=tuple(self._refusals),
            grounds=tuple(self._grounds),
            lines=tuple(self._lines),
        )

    def _open(self, presented: PresentedReport) -> _Opened | None:
        """Take the steps that make a report believable at all."""
        try:
            statement = verify(presented.bundle, self._trust.keys, now=self._now)
            for step, text in _authentic(statement):
                self._hold(step, presented.name, text)
            report = read_report(statement)
            self._hold(Step.REPORT, presented.name, "the report follows its schema")
            self._compare_evidence(presented, report)
        except NotAuthenticError as error:
            self._refuse(
                error.step, Ruling.NOT_AUTHENTIC, presented.name, error.message, error.hint
            )
            return None
        except MissingForReevaluationError as missing:
            self._refuse(
                Step.REPORT, Ruling.UNDECIDED, presented.name, missing.message, missing.hint
            )
        return _Opened(name=presented.name, statement=statement, report=report)

    def _compare_evidence(self, presented: PresentedReport, report: AuditReport) -> None:
        if presented.evidence is not None:
            expected, got = report.evidence.digest["sha256"], sha256_of(presented.evidence)
            if got != expected:
                raise NotAuthenticError(
                    Step.REPORT,
                    f"expected the evidence with the digest sha256:{expected}, got sha256:{got}",
                    hint="the evidence file was changed, or belongs to another report",
                )
            self._hold(Step.REPORT, presented.name, "the evidence file is the one that it names")
        if self._policies is not None and self._is_allowed(report):
            reevaluate(report, presented.evidence, self._policies)
            self._hold(Step.REPORT, presented.name, "decided again, the answer is the same")

    def _is_allowed(self, report: AuditReport) -> bool:
        return self._trust.allows(
            digest=report.policy_digest, name=report.policy.name, version=report.policy_version
        )

    def _allowed(self, opened: _Opened) -> bool:
        allowed = self._is_allowed(opened.report)
        policy = f"the policy {_policy(opened.report)}"
        text = f"{policy} is allowed" if allowed else f"{policy} is not allowed; set aside"
        self._lines.append(Line(step=Step.REPORT, about=opened.name, holds=allowed, text=text))
        return allowed

    def _judge_artifact(
        self, artifact: Artifact, opened: Sequence[_Opened], counting: Sequence[_Opened]
    ) -> None:
        digest = f"sha256:{artifact.digest}"
        known = [each for each in opened if each.is_about(artifact)]
        if not known:
            self._refuse(
                Step.SUBJECT,
                Ruling.DENIED,
                artifact.name,
                f"no report is about {digest}",
                "audit these very bytes; a report does not follow a name",
            )
            return
        about = sorted(
            (each for each in counting if each.is_about(artifact)), key=lambda each: each.age
        )
        if not about:
            policies = ", ".join(dict.fromkeys(_policy(each.report) for each in known))
            self._refuse(
                Step.REPORT,
                Ruling.DENIED,
                artifact.name,
                f"its reports are under policies that the trust file does not allow: {policies}",
                "audit under an allowed policy, or add the digest under `policies: allow:`",
            )
            return
        self._hold(Step.SUBJECT, artifact.name, f"{digest} is a subject of {_names(about)}")
        if self._vetoed(artifact, about):
            return
        grounds = self._standing(artifact, about)
        if grounds is not None:
            self._grounds.append(_grounds(artifact, grounds))
            self._hold(Step.VERDICT, artifact.name, f"PASS by `{grounds.name}`")

    def _vetoed(self, artifact: Artifact, about: Sequence[_Opened]) -> bool:
        """Refuse where the newest word of any policy is not PASS."""
        newest = {each.report.policy.name: each for each in about}  # `about` ends with the newest
        vetoes = [each for each in newest.values() if each.verdict is not Verdict.PASS]
        for each in vetoes:
            when = format_time(each.report.decision.decided_at)
            self._refuse(
                Step.VERDICT,
                _RULING[each.verdict],
                artifact.name,
                f"`{each.name}` says {each.verdict} at {when}: {each.report.decision.summary}",
            )
        return bool(vetoes)

    def _standing(self, artifact: Artifact, about: Sequence[_Opened]) -> _Opened | None:
        """Return the newest PASS that nothing overrules and that may still be relied on."""
        reasons = []
        for each in reversed(_after_vetoes(about)):
            if (reason := self._lapsed(each.report)) is None:
                self._hold(Step.TIME, artifact.name, f"`{each.name}` is in force")
                return each
            reasons.append(f"`{each.name}` {reason}")
        self._refuse(
            Step.TIME, Ruling.DENIED, artifact.name, "; ".join(reasons), "audit the subject again"
        )
        return None

    def _lapsed(self, report: AuditReport) -> str | None:
        validity = report.validity
        if self._now > validity.valid_until:
            return f"was valid until {format_time(validity.valid_until)}"
        limit = self._trust.max_age
        if limit is not None and self._now - validity.decided_at > limit:
            return f"was decided at {format_time(validity.decided_at)}, more than {limit} ago"
        return None

    def _hold(self, step: int, about: str, text: str) -> None:
        self._lines.append(Line(step=int(step), about=about, holds=True, text=text))

    def _refuse(
        self, step: int, ruling: Ruling, about: str, reason: str, hint: str | None = None
    ) -> None:
        self._lines.append(Line(step=int(step), about=about, holds=False, text=reason))
        self._refusals.append(
            Refusal(step=int(step), ruling=ruling, about=about, reason=reason, hint=hint)
        )


def _authentic(statement: VerifiedStatement) -> Iterator[tuple[Step, str]]:
    signer = statement.signer
    yield Step.READ, "strict JSON within its bounds"
    yield Step.CONTAINER, "a Sigstore bundle v0.3 with one signature"
    yield (
        Step.SIGNATURE,
        f"signed by `{signer.name}` ({signer.public_key.fingerprint}), an auditor",
    )
    yield Step.PAYLOAD_TYPE, "the payload is an in-toto statement"
    yield Step.STATEMENT, f"an audit report about {len(statement.subjects)} subjects"
    yield Step.TIME, "not from the future, and the key was good at the time that it states"


def _after_vetoes(about: Sequence[_Opened]) -> list[_Opened]:
    """Return each PASS that is newer than the last word against it under its own policy."""
    standing: list[_Opened] = []
    for each in about:
        if each.verdict is Verdict.PASS:
            standing.append(each)
        else:
            name = each.report.policy.name
            standing = [other for other in standing if other.report.policy.name != name]
    return standing


def _grounds(artifact: Artifact, opened: _Opened) -> Grounds:
    report = opened.report
    return Grounds(
        artifact=artifact.name,
        digest=artifact.digest,
        report=opened.name,
        statement=opened.statement.digest,
        signer=opened.statement.signer.name,
        fingerprint=opened.statement.signer.public_key.fingerprint,
        policy=report.policy.name,
        policy_version=report.policy_version,
        policy_digest=report.policy_digest,
        decided_at=report.validity.decided_at,
        valid_until=report.validity.valid_until,
    )


def _policy(report: AuditReport) -> str:
    return f"`{report.policy.name}` {report.policy_version} (sha256:{report.policy_digest})"


def _names(opened: Sequence[_Opened]) -> str:
    return ", ".join(f"`{each.name}`" for each in opened)
