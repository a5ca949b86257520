from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from assaymark.model.decision import ErrorBudget, Status
from assaymark.model.finding import Moved
from assaymark.model.measurement import Measured
from assaymark.model.metric import Unit
from assaymark.model.subject import SubjectKind
from assaymark.policy.policy import Bound, Not
from assaymark.report.advice import next_step, waiver
from assaymark.report.found import what
from assaymark.report.view import Item, Mark, Report
from assaymark.report.vocabulary import Vocabulary
from assaymark.report.wording import (
    all_seen,
    budget,
    coverage,
    demand,
    item_subject,
    limit,
    method,
    reason,
    shared_confidence,
    signature,
)

from .conftest import finding


def item_of(report: Report, requirement: str) -> Item:
    """Return the one item of this requirement."""
    return next(each for each in report.items if each.outcome.requirement == requirement)


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        (Bound(metric="m", labels=(), at_most=0.0001), "at most 0.01% (1 in 10,000)"),
        (Bound(metric="m", labels=(), at_most=0.0), "none at all"),
        (Bound(metric="m", labels=(), at_least=1.0), "all of them"),
        (Bound(metric="m", labels=(), at_least=0.97), "at least 97%"),
        (Bound(metric="m", labels=(), at_most=0.0, unit=Unit.COUNT), "none at all"),
        (Bound(metric="m", labels=(), at_least=1000, unit=Unit.COUNT), "at least 1,000"),
    ],
)
def test_limit(bound: Bound, words: str) -> None:
    """A limit reads as a person would say it."""
    assert limit(bound) == words


def test_a_demand_uses_the_metric_name_where_no_words_are_known() -> None:
    """Without a vocabulary a demand is still whole."""
    bound = Bound(metric="pii.row-rate", labels=(("entity", "US_SSN"),), at_most=0.5)

    assert demand(Not(bound), Vocabulary()) == (
        "the opposite of: (`pii.row-rate` (entity `US_SSN`): at most 50%)"
    )


def test_composed_demands_name_every_part(reports: Mapping[str, Report]) -> None:
    """All, any and not are spelled out with brackets, so that nothing is ambiguous."""
    report = reports["composed"]

    assert demand(report.policy.requirements[0].clause, Vocabulary()) == (
        "at least one of: (all of: `pii.row-rate` (entity `CREDIT_CARD`): none at all; "
        "`pii.row-rate` (entity `US_SSN`): none at all); "
        "(the opposite of: (`harm.row-rate`: at most 50%)); `records.count`: at least 20,000"
    )


def test_numbers_of_a_full_read(reports: Mapping[str, Report]) -> None:
    """Counts, share, and what could not be judged, without a word about chance."""
    assert all_seen(item_of(reports["failing"], "no-card-numbers")) == (
        "37 of the 11,990 rows that could be judged; 13 more could not, "
        "so between 0.3083% and 0.4166% of all 12,003"
    )
    assert all_seen(item_of(reports["failing"], "enough-records")) == (
        "12,000 for certain, and at most 12,003 with what could not be read"
    )
    assert all_seen(item_of(reports["passing"], "no-card-numbers")) == "0 of 12,000 rows (0%)"


def test_numbers_of_a_sample_state_their_confidence(reports: Mapping[str, Report]) -> None:
    """The level is the one after sharing the error budget, not the policy's."""
    assert all_seen(item_of(reports["sampled"], "cards")) == (
        "0 of 30,000 drawn rows (0%), so between 0% and 0.01596% of all rows with 98.33% confidence"
    )


def test_a_missing_number_gives_its_reason(reports: Mapping[str, Report]) -> None:
    """An absent number is never shown as 0."""
    assert all_seen(item_of(reports["failing"], "little-harm")) == (
        "not measured: none of 12,003 rows could be judged"
    )


@pytest.mark.parametrize(
    ("report", "requirement", "words"),
    [
        ("failing", "no-card-numbers", "Even the lower end, 0.3083%, breaks the limit."),
        ("failing", "enough-records", "Even the lower end, 12,000, keeps the limit."),
        ("failing", "little-harm", "Without a number nothing is proven."),
        (
            "failing",
            "no-social-security-numbers",
            "The true number may lie anywhere between 0% and 0.1083%, on either side of the limit.",
        ),
        ("passing", "no-card-numbers", "0% keeps the limit."),
        ("sampled", "cards", "Even the upper end, 0.01596%, keeps the limit."),
    ],
)
def test_reason(reports: Mapping[str, Report], report: str, requirement: str, words: str) -> None:
    """The end of the interval that decided is named."""
    assert reason(item_of(reports[report], requirement).readings[0]) == words


def test_a_lower_limit_is_broken_by_the_upper_end(reports: Mapping[str, Report]) -> None:
    """For `at least` the ends change places."""
    reading = item_of(reports["failing"], "enough-records").readings[0]
    broken = replace(
        reading,
        bound=replace(reading.bound, at_least=20_000),
        judgement=replace(reading.judgement, status=Status.BROKEN),
    )

    assert reason(broken) == "Even the upper end, 12,003, breaks the limit."


def test_a_claim_lost_to_the_error_budget_says_so(reports: Mapping[str, Report]) -> None:
    """Holm's procedure can leave a requirement undecided although its interval is on one side."""
    reading = item_of(reports["sampled"], "cards").readings[0]
    lost = replace(reading, judgement=replace(reading.judgement, status=Status.UNDECIDED))

    assert reason(lost) == (
        "The evidence points one way, but not surely enough after sharing the error budget."
    )


@pytest.mark.parametrize(
    ("report", "requirement", "step"),
    [
        ("failing", "no-card-numbers", "Run `assaymark redact` and audit again."),
        ("failing", "few-mail-addresses", None),
        ("failing", "enough-records", None),
        (
            "failing",
            "little-harm",
            "Make the missing number measurable: the reason stands beside it.",
        ),
        (
            "failing",
            "no-social-security-numbers",
            "Repair the rows that could not be read or judged, then audit again.",
        ),
        (
            "sampled",
            "few-mail-addresses",
            "Read more rows, or the whole subject, then audit again.",
        ),
        ("nothing", "no-card-numbers", "Name a dataset to judge."),
    ],
)
def test_next_step(
    reports: Mapping[str, Report], report: str, requirement: str, step: str | None
) -> None:
    """What is broken gets the policy's advice; what is undecided gets a way to decide it."""
    assert next_step(item_of(reports[report], requirement)) == step


@pytest.mark.parametrize(
    ("kinds", "given", "wanted"),
    [
        ([SubjectKind.MODEL], "no model was given", "Name a model to judge."),
        ([SubjectKind.OUTPUTS], "no outputs were given", "Name outputs to judge."),
        (
            [SubjectKind.DATASET, SubjectKind.OUTPUTS],
            "no dataset or outputs were given",
            "Name a dataset or outputs to judge.",
        ),
    ],
)
def test_what_was_not_given_is_asked_for(
    reports: Mapping[str, Report], kinds: list[SubjectKind], given: str, wanted: str
) -> None:
    """As a person would say it."""
    item = item_of(reports["nothing"], "no-card-numbers")

    lacking = replace(item, requirement=replace(item.requirement, on=tuple(kinds)))

    assert item_subject(lacking) == given
    assert next_step(lacking) == wanted


def test_a_waiver_names_approver_end_and_reason(reports: Mapping[str, Report]) -> None:
    """Who accepted what, until when, and why."""
    report = reports["waived"]

    assert waiver(item_of(report, "no-card-numbers")) == (
        f"Waived by `waiver-7`, approved by `risk board` with the key `SHA256:{'w' * 43}`, "
        "until 2027-01-01 00:00 UTC: the numbers are the payment processor's published test numbers."
    )
    assert waiver(item_of(report, "enough-records")) is None


def test_a_waiver_that_is_not_at_hand_is_still_named(reports: Mapping[str, Report]) -> None:
    """A decision replayed without the waivers' values shows their ids."""
    report = replace(reports["waived"], waivers=())

    assert waiver(item_of(report, "no-card-numbers")) == "Waived by `waiver-7`."
    assert item_of(report, "no-card-numbers").mark is Mark.WAIVED


def test_an_unsigned_report_says_that_no_gate_accepts_it(reports: Mapping[str, Report]) -> None:
    """Nobody can mistake a draft for a signed report."""
    assert signature(reports["undecided"]) == "not signed: no gate will accept it"
    assert not reports["undecided"].is_signed
    assert reports["failing"].is_signed


def test_the_error_budget_in_words(reports: Mapping[str, Report]) -> None:
    """A decision without a sample has no chance in it; a shared budget says how many share it."""
    assert budget(reports["failing"].decision.budget).startswith(
        "No number in this decision was estimated"
    )
    shared = budget(ErrorBudget(confidence=0.95, method="holm", family=3))
    assert shared.startswith("3 judgements of this decision rest on random samples")
    assert "share one error budget of 5% by Holm's method" in shared


def test_method(reports: Mapping[str, Report]) -> None:
    """Every number says how it was reached, also by a method that a later check names."""
    exact = reports["failing"].evidence.subjects[0].results
    drawn = reports["sampled"].evidence.subjects[0].results[0]
    assert isinstance(drawn, Measured)

    assert {method(each) for each in exact} == {
        "11,990 of 12,003 rows judged, without a sample",
        "12,000 of 12,003 rows judged, without a sample",
        "counted, without a sample",
        "not measured",
    }
    assert method(reports["passing"].evidence.subjects[0].results[0]) == "every row judged"
    assert method(drawn) == "random sample of 30,000 rows, exact binomial limits"
    assert method(replace(drawn, method="cluster-robust")) == "`cluster-robust`"


def test_no_sample_proves_a_limit_without_exception(reports: Mapping[str, Report]) -> None:
    """Where not one row may have it, reading more rows cannot help; only all of them can."""
    item = item_of(reports["sampled"], "cards")
    reading = item.readings[0]
    strict = replace(
        item,
        outcome=replace(item.outcome, status=Status.UNDECIDED),
        readings=(
            replace(
                reading,
                bound=replace(reading.bound, at_most=0.0),
                judgement=replace(reading.judgement, status=Status.UNDECIDED),
            ),
        ),
    )

    assert next_step(strict) == (
        "Audit the whole subject, without `--sample`: no sample proves something of every row."
    )


def test_each_number_of_several_carries_its_label(reports: Mapping[str, Report]) -> None:
    """A reader can tell which number belongs to which kind; two of one kind are told apart in full."""
    item = item_of(reports["composed"], "small-or-clean")
    twins = replace(
        item, readings=(item.readings[0], replace(item.readings[0], about="the same, elsewhere"))
    )

    assert all_seen(item) == (
        "`CREDIT_CARD`: 3 of 12,000 rows (0.025%); `US_SSN`: 0 of 12,000 rows (0%); "
        "rows with at least one text at or above the threshold: 5 of 12,000 rows (0.04167%); "
        "records that were read: 12,000"
    )
    assert all_seen(twins) == (
        "rows with `CREDIT_CARD`: 3 of 12,000 rows (0.025%); "
        "the same, elsewhere: 3 of 12,000 rows (0.025%)"
    )


def test_a_demand_says_rows_with_the_label(reports: Mapping[str, Report]) -> None:
    """The label says what is in the row; a share of something else keeps its own words."""
    words = Vocabulary(
        metrics={
            "pii.row-rate": "share of rows with at least one piece of personal data",
            "f.selected": "share of people selected",
        }
    )
    cards = reports["composed"].policy.requirements[0].clause.clauses[0].clauses[0]  # type: ignore[union-attr]
    selected = Bound(metric="f.selected", labels=(("group", "A"),), at_least=0.8)

    assert demand(cards, words) == "rows with `CREDIT_CARD`: none at all"
    assert demand(selected, words) == "people selected (group `A`): at least 80%"


def test_more_confidence_than_the_policy_asks_for_is_explained(
    reports: Mapping[str, Report],
) -> None:
    """98.33% beside a policy's 95% is no riddle; without a sample there is nothing to explain."""
    assert shared_confidence(reports["sampled"]) == (
        "The ranges of drawn rows state more than the 95% confidence that the policy asks for, "
        "because 3 judgements share one error budget: "
        "so all of them are right together with 95% confidence."
    )
    assert shared_confidence(reports["failing"]) is None


def test_coverage_names_what_is_missing(reports: Mapping[str, Report]) -> None:
    """Unreadable records, drawn ones and files of unknown content are said with the number of records."""
    (failing,) = reports["failing"].evidence.subjects
    (sampled,) = reports["sampled"].evidence.subjects
    unknown = replace(failing, coverage=replace(failing.coverage, unknown_files={"locked": 2}))

    assert coverage(failing) == "12,003 records, 3 of them unreadable"
    assert coverage(sampled) == "4,000,000 records, 30,000 of them drawn at random and judged"
    assert coverage(unknown).endswith("unreadable, and 2 files that could not be read at all")


def test_a_finding_in_disguise_says_in_which_form_it_was_seen() -> None:
    """Every view on the way is named; a finding in plain sight says nothing."""
    plain = finding("CREDIT_CARD", 3)
    words = "`CREDIT_CARD` by `pii`, confidence 0.85, form `9999 9999 9999 9999`"

    assert what(plain) == words
    assert what(replace(plain, view="base64")) == f"{words}, seen in its `base64` form"
    assert what(replace(plain, view="percent+base64")) == (
        f"{words}, seen in its `percent` and `base64` form"
    )


def test_a_finding_says_which_words_moved_it_by_their_places() -> None:
    """Never by what they are."""
    moved = (Moved(start=14, end=19, weight=1.4249), Moved(start=1200, end=1207, weight=0.25001))
    plain = finding("insult", 3, shape="")
    words = "`insult` by `pii`, confidence 0.85"

    assert what(replace(plain, because=moved)) == (
        f"{words}, moved most by the words at characters 14 to 19 (+1.4), 1,200 to 1,207 (+0.3)"
    )
    assert what(replace(plain, because=())) == words
