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
from datetime import datetime, timedelta

from assaymark.attest.report import AuditReport, read_report
from assaymark.attest.trust import Trust
from assaymark.attest.verify import Step, VerifiedStatement, verify
from assaymark.canonical import sha256_of
from assaymark.errors import NotAuthenticError, UsageError
from assaymark.gate.account import Account, Entry
from assaymark.gate.admission import Admission, Artifact, Grounds, PresentedReport, Ruling
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
    reevaluated: bool

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

    def names_alike(self, artifact: Artifact) -> bool:
        """Whether what was judged were the same files under the same names, or a single file too."""
        return any(
            each.digest["sha256"] == artifact.digest and each.tree == artifact.tree
            for each in self.report.subjects
        )


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
        self._account = Account()
        self._grounds: list[Grounds] = []
        self._rejected: dict[str, str] = {}
        """Reports that do not hold, by name, with the reason."""

    def judge(self, reports: Sequence[PresentedReport], artifacts: Sequence[Artifact]) -> Admission:
        opened = [found for each in reports if (found := self._open(each)) is not None]
        counting = [each for each in opened if self._allowed(each)]
        for artifact in artifacts:
            self._judge_artifact(artifact, opened, counting)
        rulings = [each.ruling for each in self._account.refusals]
        return Admission(
            ruling=max(rulings, key=_RANK.index, default=Ruling.ADMITTED),
            checked_at=self._now,
            refusals=tuple(self._account.refusals),
            grounds=tuple(self._grounds),
            lines=self._account.lines(),
        )

    def _open(self, presented: PresentedReport) -> _Opened | None:
        """Take the steps that make a report believable at all."""
        entry = self._account.report(presented.name)
        reevaluated = False
        try:
            statement = verify(presented.bundle, self._trust.keys, now=self._now)
            for step, text in _authentic(statement):
                entry.hold(step, text)
            entry.not_asked(Step.LOG, "an entry in a transparency log")
            report = read_report(statement)
            entry.hold(Step.REPORT, "the report follows its schema")
            _compare_evidence(entry, presented, report)
            reevaluated = self._decide_again(entry, presented, report)
        except NotAuthenticError as error:
            entry.refuse(error.step, Ruling.NOT_AUTHENTIC, error.message, error.hint)
            self._rejected[presented.name] = error.message
            return None
        except MissingForReevaluationError as missing:
            entry.refuse(Step.REPORT, Ruling.UNDECIDED, missing.message, missing.hint)
        entry.not_asked(Step.QUORUM, "a second signer")
        return _Opened(
            name=presented.name, statement=statement, report=report, reevaluated=reevaluated
        )

    def _decide_again(self, entry: Entry, presented: PresentedReport, report: AuditReport) -> bool:
        """Decide the evidence again where that is demanded; say whether it was done."""
        if self._policies is None:
            entry.not_asked(Step.REPORT, "deciding the evidence again")
            return False
        if not self._is_allowed(report):
            return False
        reevaluate(report, presented.evidence, self._policies)
        entry.hold(Step.REPORT, "decided again, the answer is the same")
        return True

    def _is_allowed(self, report: AuditReport) -> bool:
        return self._trust.allows(
            digest=report.policy_digest, name=report.policy.name, version=report.policy_version
        )

    def _allowed(self, opened: _Opened) -> bool:
        entry = self._account.report(opened.name)
        policy = f"the policy {_policy(opened.report)}"
        allowed = self._is_allowed(opened.report)
        if allowed:
            entry.hold(Step.REPORT, f"{policy} is allowed")
        else:
            entry.set_aside(Step.REPORT, f"{policy} is not allowed; set aside")
        return allowed

    def _judge_artifact(
        self, artifact: Artifact, opened: Sequence[_Opened], counting: Sequence[_Opened]
    ) -> None:
        entry = self._account.subject(artifact.name)
        digest = f"sha256:{artifact.digest}"
        known = [each for each in opened if each.is_about(artifact)]
        if not known:
            self._refuse_unknown(entry, digest)
            return
        about = sorted(
            (each for each in counting if each.is_about(artifact)), key=lambda each: each.age
        )
        if not about:
            policies = ", ".join(dict.fromkeys(_policy(each.report) for each in known))
            entry.refuse(
                Step.REPORT,
                Ruling.DENIED,
                f"its reports are under policies that the trust file does not allow: {policies}",
                "audit under an allowed policy, or add the digest under `policies: allow:`",
            )
            return
        entry.hold(Step.SUBJECT, f"{digest} is a subject of {_names(about)}")
        if _vetoed(entry, about):
            return
        grounds = self._standing(entry, artifact, about)
        if grounds is not None:
            self._grounds.append(_grounds(artifact, grounds))
            entry.hold(Step.VERDICT, f"PASS by `{grounds.name}`")

    def _refuse_unknown(self, entry: Entry, digest: str) -> None:
        """Refuse what no report is about; one that was rejected may have meant to be."""
        if self._rejected:
            reasons = "; ".join(
                f"`{name}` was rejected: {reason}" for name, reason in self._rejected.items()
            )
            entry.refuse(
                Step.SUBJECT, Ruling.DENIED, f"no report that holds is about {digest}; {reasons}"
            )
            return
        entry.refuse(
            Step.SUBJECT,
            Ruling.DENIED,
            f"no report is about {digest}",
            "audit these very bytes; a report does not follow a name",
        )

    def _standing(
        self, entry: Entry, artifact: Artifact, about: Sequence[_Opened]
    ) -> _Opened | None:
        """Return the newest PASS that nothing overrules and that may still be relied on."""
        reasons = []
        for each in reversed(_after_vetoes(about)):
            reason = self._lapsed(each.report)
            if not each.names_alike(artifact):
                # Names decide which files are read as data. A veto holds whatever the names are.
                reason = "is about the same bytes under other names"
            if reason is None:
                entry.hold(Step.TIME, f"`{each.name}` is in force")
                return each
            reasons.append(f"`{each.name}` {reason}")
        entry.refuse(Step.TIME, Ruling.DENIED, "; ".join(reasons), "audit the subject again")
        return None

    def _lapsed(self, report: AuditReport) -> str | None:
        validity = report.validity
        if self._now > validity.valid_until:
            return f"was valid until {format_time(validity.valid_until)}"
        limit = self._trust.max_age
        if limit is not None and self._now - validity.decided_at > limit:
            return (
                f"was decided at {format_time(validity.decided_at)}, more than {_period(limit)} ago"
            )
        return None


def _compare_evidence(entry: Entry, presented: PresentedReport, report: AuditReport) -> None:
    if presented.evidence is None:
        entry.not_asked(Step.REPORT, "the evidence file, which is not beside it")
        return
    expected, got = report.evidence.digest["sha256"], sha256_of(presented.evidence)
    if got != expected:
        raise NotAuthenticError(
            Step.REPORT,
            f"expected the evidence with the digest sha256:{expected}, got sha256:{got}",
            hint="the evidence file was changed, or belongs to another report",
        )
    entry.hold(Step.REPORT, "the evidence file is the one that it names")


def _vetoed(entry: Entry, about: Sequence[_Opened]) -> bool:
    """Refuse where the newest word of any policy is not PASS."""
    newest = {each.report.policy.name: each for each in about}  # `about` ends with the newest
    vetoes = [each for each in newest.values() if each.verdict is not Verdict.PASS]
    for each in vetoes:
        when = format_time(each.report.decision.decided_at)
        entry.refuse(
            Step.VERDICT,
            _RULING[each.verdict],
            f"`{each.name}` says {each.verdict} at {when}: {each.report.decision.summary}",
        )
    return bool(vetoes)


def _authentic(statement: VerifiedStatement) -> Iterator[tuple[Step, str]]:
    signer = statement.signer
    yield Step.READ, "strict JSON within its bounds"
    yield Step.CONTAINER, "a Sigstore bundle v0.3 with one signature"
    yield (
        Step.SIGNATURE,
        f"signed by `{signer.name}` ({signer.public_key.fingerprint}), an auditor",
    )
    yield Step.PAYLOAD_TYPE, "the payload is an in-toto statement"
    yield Step.STATEMENT, f"an audit report about {_counted(len(statement.subjects), 'subject')}"
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
        reevaluated=opened.reevaluated,
    )


def _policy(report: AuditReport) -> str:
    return f"`{report.policy.name}` {report.policy_version} (sha256:{report.policy_digest})"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _period(span: timedelta) -> str:
    """Return what a trust file can say: whole days, or else whole hours."""
    hours = span // timedelta(hours=1)
    return _counted(hours // 24, "day") if hours % 24 == 0 else _counted(hours, "hour")


def _names(opened: Sequence[_Opened]) -> str:
    return ", ".join(f"`{each.name}`" for each in opened)
