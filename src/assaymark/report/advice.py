"""
What to do about a requirement that is not met, or what excuses it.

Tested in tests/report/test_wording.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assaymark.model.decision import Status
from assaymark.model.numbers import moment, plural
from assaymark.model.waiver import Waiver
from assaymark.report.answers import is_asked
from assaymark.report.display_text import prose, quoted
from assaymark.report.view import Item, Mark, Reading, Report
from assaymark.report.wording import (
    is_gap,
    item_subject,
    missing_rows,
    sentence,
    wanted_subject,
)

_SAID = 3  # waivers of one requirement that a short form spells out


def next_step(item: Item) -> str | None:
    """Say what to do about an item that is not met; `None` where it is."""
    if item.mark is Mark.MET:
        return None
    if item.outcome.status is Status.UNDECIDED:
        # What the policy advises is for a proven breach; here the first thing is to find out.
        return _to_decide(item)
    return None if item.outcome.remediation is None else sentence(prose(item.outcome.remediation))


def _to_decide(item: Item) -> str:
    if item.subject is None:
        return f"Name {wanted_subject(item)} to judge."
    if any(each.judgement.value is None for each in item.readings):
        return "Make the missing number measurable: the reason stands beside it."
    if all(each.is_exact for each in item.readings):
        return "Repair the rows that could not be read or judged, then audit again."
    gaps = [each for each in item.readings if is_gap(each)]
    if gaps:
        what = "Ask the model more" if is_asked(gaps[0]) else "Audit a table of more decisions"
        return f"{what}: {missing_rows(gaps[0])}."
    if any(_needs_every_row(each) for each in item.readings):
        return (
            "Audit the whole subject, without `--sample`: no sample proves something of every row."
        )
    return "Read more rows, or the whole subject, then audit again."


def _needs_every_row(reading: Reading) -> bool:
    bound, is_open = reading.bound, reading.judgement.status is Status.UNDECIDED
    return is_open and not reading.is_exact and (bound.at_most == 0.0 or bound.at_least == 1.0)


def waiver(item: Item) -> str | None:
    """Say what excuses the item, who said so, why and until when; `None` where nothing does."""
    said = waivers(item)
    if not said:
        return None
    more = [] if len(said) <= _SAID else [f"And {plural(len(said) - _SAID, 'waiver')} more."]
    return " ".join([*said[:_SAID], *more])


def waivers(item: Item) -> tuple[str, ...]:
    """Return one sentence for each waiver that the item rests on, what ends first before the others."""
    given = {each.id: each for each in item.waivers}
    return tuple(
        _terms(given[each]) if each in given else f"Waived by {quoted(each)}."
        for each in item.outcome.excused_by
    )


def unused_waivers(report: Report) -> tuple[str, ...]:
    """Return one sentence for each waiver that excused nothing, with the reason."""
    given = {each.id: each for each in report.waivers}
    return tuple(
        f"The waiver {quoted(each.id)}{_aim(given.get(each.id))} excused nothing: {prose(each.reason)}."
        for each in report.decision.unused_waivers
    )


def _terms(given: Waiver) -> str:
    who = f"approved by {_approver(given)}"
    what = "" if given.finding is None else f"for the finding {quoted(given.finding)}, "
    head = f"Waived by {quoted(given.id)}, {what}{who}, until {moment(given.expires_at)}"
    return sentence(f"{head}: {prose(given.reason)}")


def _aim(given: Waiver | None) -> str:
    if given is None:
        return ""
    return f", for {quoted(given.requirement)} until {moment(given.expires_at)},"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRow:
    """One waiver that excuses one requirement: a row of every table of waivers."""

    id: str
    requirement: str
    scope: str
    """What it covers, in words with names between backticks."""

    reason: str
    approver: str
    """Who approved, with the key."""

    ends: str


def waiver_rows(report: Report) -> Iterator[WaiverRow]:
    """Yield each waiver that excuses something, for each requirement that it excuses."""
    for item in report.items:
        given = {each.id: each for each in item.waivers}
        for id_ in item.outcome.excused_by:
            yield _row(item, id_, given.get(id_))


def _row(item: Item, id_: str, given: Waiver | None) -> WaiverRow:
    about = item_subject(item)
    requirement = item.outcome.requirement
    if given is None:
        unknown = "not known here"
        return WaiverRow(
            id=id_,
            requirement=requirement,
            scope=about,
            reason=unknown,
            approver=unknown,
            ends=unknown,
        )
    return WaiverRow(
        id=id_,
        requirement=requirement,
        scope=f"{about}, {_scope(given)}",
        reason=prose(given.reason),
        approver=_approver(given),
        ends=moment(given.expires_at),
    )


def _scope(given: Waiver) -> str:
    what = (
        "the whole requirement" if given.finding is None else f"the finding {quoted(given.finding)}"
    )
    if given.policy_digest is not None:
        return f"{what}, under this very policy"
    if given.policy_name is not None:
        return f"{what}, under any version of this policy"
    return what


def _approver(given: Waiver) -> str:
    if given.approver_key in (None, given.approver):
        return quoted(given.approver)
    return f"{quoted(given.approver)} with the key {quoted(str(given.approver_key))}"
