"""
The sentences of a report, written once for every form.

A sentence is plain text in which names stand between backticks, as in our errors; each form turns the
backticks into its own mark for code and escapes the rest. Only names that went through
`display_text.name` are put between them.

Tested in tests/report/test_wording.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assaymark.model.decision import ErrorBudget, Outcome, Status
from assaymark.model.evidence import SubjectEvidence
from assaymark.model.measurement import (
    CLOPPER_PEARSON,
    EXACT,
    Contrast,
    Labels,
    Measured,
    NotMeasured,
    Result,
)
from assaymark.model.numbers import percent, plural, quantity
from assaymark.model.subject import Subject, SubjectKind
from assaymark.policy import wording as in_words
from assaymark.policy.policy import AllOf, AnyOf, Bound, Clause, Not
from assaymark.report.answers import asked, by_template
from assaymark.report.display_text import name, prose, quoted
from assaymark.report.view import Item, Mark, Reading, Report
from assaymark.report.vocabulary import Vocabulary

MARK_WORDS: Mapping[Mark, str] = {
    Mark.BROKEN: in_words.STATUS_WORDS[Status.BROKEN],
    Mark.UNDECIDED: in_words.STATUS_WORDS[Status.UNDECIDED],
    Mark.WAIVED: "waived",
    Mark.MET: in_words.STATUS_WORDS[Status.MET],
}

PARTLY_MET = "met as far as tested"
"""Of a control whose tests are met and reach only a part of what it asks."""

SYMBOLS: Mapping[Mark, str] = {
    Mark.BROKEN: "✗",
    Mark.UNDECIDED: "?",
    Mark.WAIVED: "!",
    Mark.MET: "✓",
}


def signature(report: Report) -> str:
    """Say who signed, or that nobody did."""
    if report.attestation.signer is None:
        return "not signed: no gate will accept it"
    the_key = "the key " if report.is_signed_by_key else ""
    return f"signed by {the_key}{quoted(report.attestation.signer)}"


ADDED_LATER = (
    "Time stamps, log entries and sign-offs join the signed report after this page is made, so it shows "
    "none: `assaymark verify` reads stamps and entries from `report.sigstore.json`, and `assaymark gate` "
    "the sign-offs beside it, too."
)
"""Where to look for what no form can show."""


def subject_name(subject: Subject) -> str:
    """Return kind and name, such as ``dataset `rows.jsonl` ``, and whether nobody hashed what it names."""
    if subject.declared is None:
        return f"{subject.kind} {quoted(subject.name)}"
    revision = subject.declared.get("revision")
    which = "" if revision is None else f", revision {quoted(revision)}"
    return f"{subject.kind} {quoted(subject.name)}{which} (as declared)"


def item_subject(item: Item) -> str:
    """Return what the item is about, or that it was not given."""
    if item.subject is not None:
        return subject_name(item.subject.subject)
    kinds = item.requirement.on
    verb = "were" if kinds[-1] is SubjectKind.OUTPUTS else "was"
    return f"no {' or '.join(kinds)} {verb} given"


def wanted_subject(item: Item) -> str:
    """Return what would have to be given, such as `a dataset or outputs`."""
    return " or ".join(
        each.value if each is SubjectKind.OUTPUTS else f"a {each}" for each in item.requirement.on
    )


def labels(pairs: Labels) -> str:
    """Return labels as ``entity `EMAIL_ADDRESS` ``; empty where there are none."""
    return ", ".join(f"{name(key)} {quoted(value)}" for key, value in pairs)


def metric(metric_name: str, pairs: Labels, vocabulary: Vocabulary) -> str:
    """Return what is counted, in the check's words where they are known."""
    return vocabulary.describe(metric_name, pairs)


def coverage(each: SubjectEvidence) -> str:
    """Return how much of a subject was read, such as `400 records, 2 of them unreadable`."""
    known = each.coverage
    if each.subject.kind is SubjectKind.MODEL:
        return asked(known)
    text = plural(known.rows, "record")
    if lost := sum(known.skipped.values()):
        text += f", {lost:,} of them unreadable"
    if known.sample is not None:
        text += f", {known.sample.rows:,} of them drawn at random and judged"
    if known.unknown_files:
        text += f", and {plural(sum(known.unknown_files.values()), 'file')} that could not be read at all"
    return text


def limit(bound: Bound) -> str:
    """Return the bound alone, such as `at most 0.01% (1 in 10,000)`."""
    return in_words.limit(bound)


def demand(clause: Clause, vocabulary: Vocabulary) -> str:
    """Return what a requirement demands, in words."""
    match clause:
        case Bound():
            return f"{metric(clause.metric, clause.labels, vocabulary)}: {limit(clause)}"
        case AllOf(clauses):
            return f"all of: {_listed(clauses, vocabulary)}"
        case AnyOf(clauses):
            return f"at least one of: {_listed(clauses, vocabulary)}"
        case Not(inner):
            return f"the opposite of: ({demand(inner, vocabulary)})"


def _listed(clauses: tuple[Clause, ...], vocabulary: Vocabulary) -> str:
    words = (demand(each, vocabulary) for each in clauses)
    parts = zip(clauses, words, strict=True)
    return "; ".join(text if isinstance(each, Bound) else f"({text})" for each, text in parts)


def seen(reading: Reading) -> str:
    """Return the number behind a judgement, in words, or why there is none."""
    return _seen(reading, in_words.seen)


def all_seen(item: Item) -> str:
    """Return the numbers behind a requirement in the order of its bounds, each with what it is about."""
    if len(item.readings) == 1:
        return seen(item.readings[0])
    names = [_short(each) for each in item.readings]
    if len(set(names)) < len(names):
        names = [each.about for each in item.readings]
    numbers = [_seen(each, in_words.seen_briefly) for each in item.readings]
    return "; ".join(f"{about}: {number}" for about, number in zip(names, numbers, strict=True))


def _seen(reading: Reading, say: Callable[..., str]) -> str:
    judgement = reading.judgement
    if judgement.value is None or judgement.interval is None:
        return prose(judgement.because)
    return say(
        judgement.value,
        judgement.interval,
        judgement.counts,
        reading.bound.unit,
        is_exact=reading.is_exact,
    )


def _short(reading: Reading) -> str:
    values = [quoted(value) for _, value in reading.bound.labels]
    return " and ".join(values) or reading.about


def is_gap(reading: Reading) -> bool:
    """Whether the number compares groups and has not been decided."""
    return (
        isinstance(reading.result, Measured)
        and reading.result.contrast is not None
        and reading.judgement.status is Status.UNDECIDED
    )


def missing_rows(reading: Reading) -> str:
    """Say how many rows would decide an open gap: the last part of what its judgement says."""
    return reading.judgement.because.rpartition("; ")[2]


def reason(reading: Reading) -> str:
    """Say why the number keeps the limit, breaks it, or does neither."""
    interval, bound, status = reading.judgement.interval, reading.bound, reading.judgement.status
    if interval is None:
        return "Without a number nothing is proven."
    low, high = quantity(interval.low, bound.unit), quantity(interval.high, bound.unit)
    if status is Status.UNDECIDED:
        value = bound.at_most if bound.at_most is not None else bound.at_least or 0.0
        if is_gap(reading):
            missing = sentence(missing_rows(reading))
            return f"The true gap may lie anywhere between {low} and {high}. {missing}"
        if interval.low <= value <= interval.high:
            return f"The true number may lie anywhere between {low} and {high}, on either side of the limit."
        return "The evidence points one way, but not surely enough after sharing the error budget."
    does = "keeps" if status is Status.MET else "breaks"
    if interval.low == interval.high:
        return f"{low} {does} the limit."
    # The end that is nearer to the limit decides.
    is_upper = (bound.at_most is not None) == (status is Status.MET)
    return f"Even the {'upper' if is_upper else 'lower'} end, {high if is_upper else low}, {does} the limit."


def sentence(text: str) -> str:
    """Return `text` with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '…')) else '.'}"


def method(result: Result) -> str:
    """Say how a number was reached."""
    match result:
        case NotMeasured():
            return "not measured"
        case Measured(method=kind, counts=counts) if kind == EXACT:
            if counts is None:
                return "counted, without a sample"
            if counts.unjudged:
                return (
                    f"{counts.judged:,} of {plural(counts.total, 'row')} judged, without a sample"
                )
            return "every row judged"
        case Measured(method=kind) if kind == CLOPPER_PEARSON:
            return f"random sample of {plural(result.n, 'row')}, exact binomial limits"
        case Measured(contrast=Contrast(families=families) as contrast):
            groups = plural(len({group.name for family in families for group in family}), "group")
            if contrast.is_clustered:
                return by_template(contrast)
            return f"{groups} of {plural(result.n, 'row')}, exact binomial limits squared and added"
        case Measured():
            return quoted(result.method)


def budget(shared: ErrorBudget) -> str:
    """Explain how sure the decision is as a whole."""
    if shared.method == "none":
        return (
            "No number in this decision was estimated from a sample, so chance plays no part in it. "
            f"The policy asks for {percent(shared.confidence)} confidence wherever rows are drawn at random."
        )
    wrong = percent(1.0 - shared.confidence)
    return (
        f"{plural(shared.family, 'judgement')} of this decision rest on random samples or on evidence "
        f"that is missing, and share one error budget of {wrong} by Holm's method: the chance that any of "
        f"them is wrong because of the draw is at most {wrong}. The more judgements share it, the wider "
        "each interval, so a policy cannot pass by asking many questions."
    )


def shared_confidence(report: Report) -> str | None:
    """Say why sampled ranges state more confidence than the policy asks for; `None` where none does."""
    shared = report.decision.budget
    if shared.method == "none" or shared.family < 2:  # noqa: PLR2004 - one judgement shares with none
        return None
    return (
        f"The ranges of drawn rows state more than the {percent(shared.confidence)} confidence that the "
        f"policy asks for, because {plural(shared.family, 'judgement')} share one error budget: so all of "
        f"them are right together with {percent(shared.confidence)} confidence."
    )


PLACES_NOTE = (
    "Rows and characters count from 0, lines from 1. Values are never shown, at most their form."
)
"""Goes once with every list of places."""


NO_PLACES = "Which rows these are is not recorded: the check counts them and lists none."
"""Goes in place of a list of places where there is none to show."""


def enforcement(outcome: Outcome) -> str:
    """Return what it means for a deployment, with how bad it is."""
    return f"{in_words.ENFORCEMENT_WORDS[outcome.enforce]}, {outcome.severity} severity"
