"""
How a policy's own tests write down evidence.

    - name: a leaking dataset fails
      evidence:
        dataset:
          pii.row-rate{entity=CREDIT_CARD}: {hits: 3, of: 1000}
          records.count: 500
      otherwise: clean
      expect: FAIL
      because: [no-card-numbers]

Under each kind of subject stand metrics, their labels in braces. A share is `{hits, of, unjudged}`, where
`of` counts all rows and `unjudged` those among them that could not be judged; a count is a number;
`clean` is a value that keeps every bound on the metric, `missing` is no measurement. What is not listed
is `otherwise`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, TypeAlias

from assaymark.errors import EvidenceError
from assaymark.marked_yaml import Node
from assaymark.model.codec import parse_time
from assaymark.model.decision import Verdict
from assaymark.model.measurement import Labels
from assaymark.model.metric import Unit
from assaymark.model.subject import SubjectKind
from assaymark.policy.diagnostics import Reporter, did_you_mean, listed, quoted
from assaymark.policy.document import SelfTestPart, SelfTestWaiverPart
from assaymark.policy.policy import Policy, bounds_of
from assaymark.policy.validation import entries_at, items_at, place_of, shown, text_at, validate

CLEAN, MISSING = "clean", "missing"

Key: TypeAlias = tuple[str, Labels]
"""Metric and labels."""

_KEY = re.compile(r"([^{}\s]+)(?:\{([^{}]*)\})?")
_LABEL = re.compile(r"\s*([^=,\s]+)\s*=\s*([^=,]*[^=,\s])\s*")
_COUNTS = ("hits", "of", "unjudged")
_LARGEST = 10**12  # rows; far above any subject, far below where statistics lose digits


@dataclass(frozen=True, slots=True)
class Rows:
    """A share as a test writes it."""

    hits: int
    of: int
    unjudged: int = 0


@dataclass(frozen=True, slots=True)
class SupposedWaiver:
    """A waiver as a test supposes it; in force for ever unless it expires."""

    requirement: str
    subject: SubjectKind
    expires: datetime | None


Value: TypeAlias = Rows | int | str
"""Counts of rows, a whole number, or `clean` or `missing`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """One test, read."""

    name: str
    subjects: Mapping[SubjectKind, Mapping[Key, Value]]
    otherwise: str
    sampled: bool
    waivers: tuple[SupposedWaiver, ...]
    now: datetime | None
    expect: Verdict
    because: tuple[str, ...] | None


def read_self_test(plain: Mapping[str, Any]) -> SelfTest:
    """Return a test that `check_self_tests` has found nothing wrong with."""
    now = plain.get("now")
    because = plain.get("because")
    return SelfTest(
        name=plain["name"],
        subjects={
            SubjectKind(kind): {_sure_key(key): _value(each) for key, each in metrics.items()}
            for kind, metrics in plain.get("evidence", {}).items()
        },
        otherwise=plain.get("otherwise", MISSING),
        sampled=plain.get("sampled", False),
        waivers=tuple(
            SupposedWaiver(
                requirement=each["requirement"],
                subject=SubjectKind(each["subject"]),
                expires=_moment(each["expires"]) if "expires" in each else None,
            )
            for each in plain.get("waivers", ())
        ),
        now=None if now is None else _moment(now),
        expect=Verdict(plain["expect"]),
        because=None if because is None else tuple(because),
    )


def key_text(key: Key) -> str:
    """Return `key` as the notation writes it."""
    metric, labels = key
    if not labels:
        return metric
    return f"{metric}{{{','.join(f'{name}={value}' for name, value in labels)}}}"


def parse_key(text: str) -> Key | None:
    """Return metric and labels of `text`, or `None` where it is no such key."""
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    metric, inside = match.groups()
    if inside is None:
        return metric, ()
    labels = []
    for part in inside.split(","):
        label = _LABEL.fullmatch(part)
        if label is None:
            return None
        labels.append((label[1], label[2]))
    if len(dict(labels)) < len(labels):
        return None
    return metric, tuple(sorted(labels))


def check_self_tests(
    nodes: Sequence[Node], policy: Policy, reporter: Reporter, *, complete: bool
) -> None:
    """Report every mistake in the tests of a file.

    Args:
        nodes: The items of `tests`.
        policy: The policy that they test.
        reporter: Of the file.
        complete: Whether `policy` has all its requirements; where some are wrong, a test that asks for
            them is not called wrong too.
    """
    checker = _Checker(policy, reporter, complete=complete)
    names: dict[str, int] = {}
    for node in nodes:
        if not isinstance(node.value, dict):
            continue
        checker.check(node)
        named = text_at(node, "name")
        if named is None:
            continue
        name = str(named.value)
        if name in names:
            message = f"the test {quoted(name)} stands on line {names[name]} already"
            reporter.error("duplicate-id", named.mark, message)
        names.setdefault(name, named.mark.line)


class _Checker:
    def __init__(self, policy: Policy, reporter: Reporter, *, complete: bool) -> None:
        self._reporter = reporter
        self._complete = complete
        self._ids = [each.id for each in policy.requirements]
        self._units: dict[Key, Unit] = {
            (bound.metric, bound.labels): bound.unit
            for each in policy.requirements
            for bound in bounds_of(each.clause)
        }

    def check(self, node: Node) -> None:
        validate(SelfTestPart, node, self._reporter)
        for metrics in entries_at(node, "evidence").values():
            for text, value in entries_at(metrics).items():
                self._check_metric(text, value, metrics)
        for item in items_at(node, "because"):
            self._demand_known(item)
        because = node.at("because")
        if because is not None and because.value and node.at("expect") is not None:
            expect = text_at(node, "expect")
            if expect is not None and expect.value == Verdict.PASS.value:
                self._reporter.error(
                    "misplaced-key", node.keys["because"], "a PASS has no `because`"
                )
        for item in items_at(node, "waivers"):
            self._check_waiver(item, node)
        self._demand_moment(text_at(node, "now"))

    def _demand_known(self, node: Node | None) -> None:
        if node is None or not isinstance(node.value, str):
            return
        if self._complete and node.value not in self._ids:
            message = f"this policy has no requirement {quoted(node.value)}"
            self._reporter.error(
                "unknown-requirement", node.mark, message, did_you_mean(node.value, self._ids)
            )

    def _check_metric(self, text: str, value: Node, metrics: Node) -> None:
        key, mark = parse_key(text), metrics.keys[text]
        if key is None:
            message = f"{quoted(text)} is no metric"
            hint = "write `name` or `name{label=value}`, in quotes inside of brackets"
            self._reporter.error("invalid-key", mark, message, hint)
            return
        unit = self._units.get(key)
        if unit is None:
            if self._complete:
                known = [key_text(each) for each in self._units]
                message = f"no requirement of this policy asks for {quoted(key_text(key))}"
                otherwise = f"it asks for {listed(sorted(known))}" if known else None
                suggestion = did_you_mean(key_text(key), known, otherwise=otherwise)
                self._reporter.error("unknown-metric", mark, message, suggestion)
            return
        if value.value in (CLEAN, MISSING):
            return
        if unit is Unit.COUNT:
            self._check_count(value)
        else:
            self._check_rows(value)

    def _check_count(self, node: Node) -> None:
        number = node.value
        if type(number) is not int or not 0 <= number <= _LARGEST:
            message = f"expected a whole number, `clean` or `missing`, got {shown(node)}"
            self._reporter.error("wrong-type", place_of(node), message)

    def _check_rows(self, node: Node) -> None:
        example = "write `{hits: 3, of: 1000}`"
        if not isinstance(node.value, dict):
            message = f"expected counts of rows, `clean` or `missing`, got {shown(node)}"
            self._reporter.error("wrong-type", node.mark, message, example)
            return
        before = self._reporter.errors
        for name, each in node.value.items():
            if name not in _COUNTS:
                message = f"unknown key {quoted(name)}"
                keys = f"the keys are {listed(_COUNTS)}"
                suggestion = did_you_mean(name, _COUNTS, otherwise=keys)
                self._reporter.error("unknown-key", node.keys[name], message, suggestion)
            elif type(each.value) is not int or not 0 <= each.value <= _LARGEST:
                message = f"expected a whole number from 0, got {shown(each)}"
                self._reporter.error("wrong-type", each.mark, message)
        for name in ("hits", "of"):
            if name not in node.value:
                message = f"the key {quoted(name)} is missing"
                self._reporter.error("missing-key", place_of(node), message, example)
        if self._reporter.errors > before:
            return
        counts = {name: int(str(each.value)) for name, each in node.value.items()}
        if counts["hits"] + counts.get("unjudged", 0) > counts["of"]:
            message = "`hits` and `unjudged` together are more than `of`"
            self._reporter.error("out-of-range", place_of(node), message)

    def _check_waiver(self, node: Node, test: Node) -> None:
        if not isinstance(node.value, dict):
            return
        validate(SelfTestWaiverPart, node, self._reporter)
        self._demand_known(text_at(node, "requirement"))
        subject = text_at(node, "subject")
        if subject is not None and subject.value not in entries_at(test, "evidence"):
            message = f"this test has no {quoted(str(subject.value))}"
            self._reporter.error("unknown-subject", subject.mark, message, "list it in `evidence`")
        self._demand_moment(text_at(node, "expires"))

    def _demand_moment(self, node: Node | None) -> None:
        if node is None:
            return
        try:
            _moment(str(node.value))
        except (EvidenceError, ValueError):
            message = f"expected a date or a time, got {shown(node)}"
            hint = "write it like 2026-01-31 or 2026-01-31T12:00:00Z"
            self._reporter.error("invalid-date", node.mark, message, hint)


def _moment(text: str) -> datetime:
    """Read a time, or a date as its noon in UTC."""
    if "T" in text:
        return parse_time(text)
    if len(text) != len("2026-01-31"):
        raise ValueError(text)
    return datetime.combine(date.fromisoformat(text), time(12), tzinfo=UTC)


def _sure_key(text: str) -> Key:
    key = parse_key(text)
    # INVARIANT: `check_self_tests` refused every other text.
    return (text, ()) if key is None else key


def _value(plain: Any) -> Value:
    if isinstance(plain, dict):
        return Rows(plain["hits"], plain["of"], plain.get("unjudged", 0))
    return plain if isinstance(plain, str) else int(plain)
