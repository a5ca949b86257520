"""Laws of the gate, over many sets of reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from assaymark.attest.bundle import sign
from assaymark.gate.admission import Admission, Artifact, PresentedReport, Ruling
from assaymark.gate.gate import gate
from assaymark.model.subject import Sha256
from attest.by_hand import (
    NOW,
    OTHER_SUBJECT,
    POLICY_DIGEST,
    SUBJECT,
    evidence_bytes,
    make_evidence,
    make_policy,
    make_requirement,
    make_signer,
    make_statement,
    make_subject,
)
from gate.by_hand import BOUNDS, make_trust

HOUR = timedelta(hours=1)

some = settings(max_examples=40)  # an example verifies a dozen signatures or more
ALLOWED = {"support-bot": POLICY_DIGEST, "second": Sha256("8" * 64)}
DIGESTS = {**ALLOWED, "stranger": Sha256("9" * 64)}
TRUST = make_trust(policy_digests=frozenset(ALLOWED.values()))

Spec = tuple[str, str, int, Sha256, int]


@cache
def present(spec: Spec) -> PresentedReport:
    """The report that `spec` describes: verdict, policy, hour, subject, days of validity."""
    verdict, name, hour, subject, days = spec
    policy = make_policy(
        make_requirement(at_most=BOUNDS[verdict]),
        name=name,
        digest=DIGESTS[name],
        report_days=days,
    )
    evidence = make_evidence(make_subject(subject))
    statement = make_statement(policy, evidence, at=NOW + hour * HOUR)
    return PresentedReport(
        name=str(spec), bundle=sign(statement, make_signer()), evidence=evidence_bytes(evidence)
    )


specs = st.tuples(
    st.sampled_from(sorted(BOUNDS)),
    st.sampled_from(sorted(DIGESTS)),
    st.integers(0, 3),
    st.sampled_from([SUBJECT, OTHER_SUBJECT]),
    st.sampled_from([1, 30]),
)
several = st.lists(specs, max_size=6)
artifacts = st.lists(
    st.sampled_from([Artifact("a", SUBJECT), Artifact("b", OTHER_SUBJECT)]), min_size=1, max_size=2
)


def ask(specs: Sequence[Spec], artifacts: Sequence[Artifact]) -> Admission:
    """The gate's answer, two days after the first report."""
    return gate([present(each) for each in specs], TRUST, artifacts, NOW + 48 * HOUR)


@some
@given(several, artifacts)
def test_admission_needs_a_pass_for_every_artifact(
    found: list[Spec], wanted: list[Artifact]
) -> None:
    """Whatever else is presented, nothing is admitted that no allowed PASS in force is about."""
    proven = {
        subject
        for verdict, policy, _, subject, days in found
        if verdict == "PASS" and policy in ALLOWED and days == 30
    }

    if ask(found, wanted).admitted:
        assert {each.digest for each in wanted} <= proven


@some
@given(several, artifacts, specs)
def test_one_more_no_never_admits(found: list[Spec], wanted: list[Artifact], more: Spec) -> None:
    """A further FAIL or UNDECIDED turns no denial into an admission."""
    no = ("FAIL" if more[0] == "PASS" else more[0], *more[1:])

    if not ask(found, wanted).admitted:
        assert not ask([*found, no], wanted).admitted


@some
@given(several, artifacts, specs)
def test_one_pass_less_never_admits(found: list[Spec], wanted: list[Artifact], more: Spec) -> None:
    """Leaving out a PASS turns no denial into an admission."""
    if not ask([*found, ("PASS", *more[1:])], wanted).admitted:
        assert not ask(found, wanted).admitted


@some
@given(several, artifacts, specs)
def test_a_stranger_changes_nothing(found: list[Spec], wanted: list[Artifact], more: Spec) -> None:
    """A report under a policy that is not allowed neither helps nor harms."""
    stranger = (more[0], "stranger", *more[2:])

    assert ask([*found, stranger], wanted).ruling is ask(found, wanted).ruling


@some
@given(several, artifacts, st.randoms())
def test_order_changes_nothing(found: list[Spec], wanted: list[Artifact], random: object) -> None:
    """Ruling, refusals and grounds are the same in any order of reports."""
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = ask(found, wanted), ask(shuffled, wanted)

    assert one.ruling is other.ruling
    assert one.grounds == other.grounds
    assert {(each.step, each.about) for each in one.refusals} == {
        (each.step, each.about) for each in other.refusals
    }


@some
@given(several, artifacts, specs, st.integers(0, 3000))
def test_one_broken_report_refuses_everything(
    found: list[Spec], wanted: list[Artifact], more: Spec, at: int
) -> None:
    """A changed byte in any report presented is answered with `not authentic`."""
    good = present(more)
    at %= len(good.bundle)
    broken = good.bundle[:at] + bytes([good.bundle[at] ^ 1]) + good.bundle[at + 1 :]
    reports = [*map(present, found), PresentedReport(name="broken", bundle=broken)]

    assert gate(reports, TRUST, wanted, NOW + 48 * HOUR).ruling is Ruling.NOT_AUTHENTIC


@some
@given(several, artifacts)
def test_the_ruling_is_the_worst_refusal(found: list[Spec], wanted: list[Artifact]) -> None:
    """Admitted means no refusal at all, and every artifact has its grounds."""
    answer = ask(found, wanted)

    assert answer.admitted == (not answer.refusals)
    assert answer.admitted == (len(answer.grounds) == len(wanted))
