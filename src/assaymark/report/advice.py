"""
What to do about a requirement that is not met, or what excuses it.

Tested in tests/report/test_wording.py.
"""

from __future__ import annotations

from assaymark.model.decision import Status
from assaymark.report.display_text import prose, quoted
from assaymark.report.view import Item, Mark, Reading
from assaymark.report.wording import moment, sentence


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
        kinds = " or ".join(kind.value for kind in item.requirement.on)
        return f"Name a {kinds} to judge."
    if any(each.judgement.value is None for each in item.readings):
        return "Make the missing number measurable: the reason stands beside it."
    if all(each.is_exact for each in item.readings):
        return "Repair the rows that could not be read or judged, then audit again."
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
    if item.outcome.waived_by is None:
        return None
    text = f"Waived by {quoted(item.outcome.waived_by)}"
    if item.waiver is None:
        return f"{text}."
    given = item.waiver
    end = moment(given.expires_at)
    given_by = f"{text}, approved by {quoted(given.approver)}, until {end}"
    return sentence(f"{given_by}: {prose(given.reason)}")
