"""Times on the command line: a day, a moment, or so long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_AGO = re.compile(r"([1-9][0-9]{0,5})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_FORMS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ")


class Moment(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.5 on
    """A time; the value is its text as a decision log has it."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read a time."""
        from assaymark.guard.decisions.entry import written_time

        text = str(value)
        if match := _AGO.fullmatch(text):
            ago = timedelta(**{_UNITS[match[2]]: int(match[1])})
            return written_time(datetime.now(UTC) - ago)
        for form in _FORMS:
            try:
                return written_time(datetime.strptime(text, form).replace(tzinfo=UTC))
            except ValueError:
                continue
        return self.fail(
            "expected a time such as 2026-01-31, 2026-01-31T12:00:00Z or 12h", param, ctx
        )
