"""
Requirements: read, type-checked against what is installed, held against what they override.

Every node is looked at even where another is wrong, so that all mistakes of a requirement show at once;
a value is made only where there are none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from assaymark.contracts.catalog import Catalog
from assaymark.marked_yaml import Mark, Node
from assaymark.model.decision import Enforcement
from assaymark.model.finding import Severity
from assaymark.model.subject import SubjectKind
from assaymark.policy.clauses import FORMS, ClauseReader, mark_of
from assaymark.policy.diagnostics import Reporter, listed, quoted
from assaymark.policy.document import RequirementPart
from assaymark.policy.policy import Bound, Clause, Requirement, bounds_of
from assaymark.policy.settings import SettingsReader
from assaymark.policy.tighten import loosenings
from assaymark.policy.validation import items_at, place_of, text_at, validate

KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
MAX_ID = 80  # characters

_CONTROL = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*:[A-Za-z0-9][A-Za-z0-9._()/-]*")


@dataclass(frozen=True, slots=True)
class ControlMention:
    """A control that a requirement names, and where."""

    control: str
    mark: Mark


class RequirementReader:
    """Reads the requirements of one file on top of those it inherits.

    Args:
        catalog: What is installed.
        settings: The file's settings, already read; completed here with what requirements need.
        base: Inherited requirements by id.
        base_is_sound: Whether all parents could be read; if not, what seems to be missing here may stand
            in one of them.
        reporter: Of the file.
        origin: What the file is called in `Requirement.origin`.
    """

    def __init__(
        self,
        catalog: Catalog,
        settings: SettingsReader,
        base: Mapping[str, Requirement],
        reporter: Reporter,
        *,
        base_is_sound: bool,
        origin: str,
    ) -> None:
        self._catalog = catalog
        self._clauses = ClauseReader(catalog, settings, reporter)
        self._base = base
        self._base_is_sound = base_is_sound
        self._reporter = reporter
        self._origin = origin
        self._lines: dict[str, int] = {}
        self.result: dict[str, Requirement] = dict(base)
        self.mentions: list[ControlMention] = []
        self.complete = base_is_sound
        """Whether every requirement of the file and of its parents is in `result`."""

    def read(self, nodes: list[Node]) -> None:
        """Read all requirements of the file."""
        before = self._reporter.errors
        for node in nodes:
            if isinstance(node.value, dict):
                self._read_one(node)
            else:
                self.complete = False  # reported by `validate` of the file
        self.complete = self.complete and self._reporter.errors == before

    def _read_one(self, node: Node) -> None:
        before = self._reporter.errors
        part = validate(RequirementPart, node, self._reporter)
        identifier = self._read_id(node)
        parent = None if identifier is None else self._base.get(identifier)
        clause = self._requirement_clause(node, parent)
        kinds = self._read_on(node, parent)
        self._read_controls(node)
        if part is None or identifier is None or clause is None or not kinds:
            return
        if self._reporter.errors > before:
            return
        requirement = self._merge(part, clause, kinds, parent, node)
        if parent is not None and not parent.overridable:
            self._demand_as_strict(node, parent, requirement)
        if self._reporter.errors == before:
            self.result[requirement.id] = requirement

    def _read_id(self, node: Node) -> str | None:
        named = text_at(node, "id")
        if named is None:
            return None
        name, mark = str(named.value), named.mark
        if not KEBAB.fullmatch(name) or len(name) > MAX_ID:
            message = f"{quoted(name)} is no requirement id"
            hint = "use lower-case words joined by hyphens, such as `no-card-numbers`"
            self._reporter.error("invalid-id", mark, message, hint)
        if name in self._lines:
            message = f"the id {quoted(name)} stands on line {self._lines[name]} already"
            self._reporter.error("duplicate-id", mark, message, "give each requirement its own id")
            return None
        self._lines[name] = mark.line
        return name

    def _merge(
        self,
        part: RequirementPart,
        clause: Clause,
        kinds: tuple[SubjectKind, ...],
        parent: Requirement | None,
        node: Node,
    ) -> Requirement:
        """Return the requirement; what the child leaves out is the parent's."""
        written = Requirement(
            id=part.id,
            clause=clause,
            on=kinds,
            severity=Severity(part.severity or "medium"),
            enforce=Enforcement(part.enforce or "deny"),
            controls=tuple(dict.fromkeys(part.controls)),
            remediation=part.remediation,
            overridable=bool(part.overridable),
            origin=f"{self._origin}:{place_of(node).line}",
        )
        if parent is None:
            return written
        return replace(
            written,
            severity=written.severity if part.severity else parent.severity,
            enforce=written.enforce if part.enforce else parent.enforce,
            controls=tuple(dict.fromkeys([*parent.controls, *part.controls])),
            remediation=part.remediation or parent.remediation,
            overridable=parent.overridable if part.overridable is None else part.overridable,
        )

    def _demand_as_strict(self, node: Node, parent: Requirement, child: Requirement) -> None:
        for key, words in loosenings(parent, child):
            hint = "a policy that extends another may only tighten it"
            if key == "form":
                message = f"{quoted(child.id)} is {words} the one at {parent.origin}"
                hint = "keep its metric and `where`, or choose another id"
                mark = place_of(node)
            else:
                message = f"{words} at {parent.origin}"
                mark = mark_of(node, key)
            self._reporter.error("loosened", mark, message, hint)

    def _read_on(self, node: Node, parent: Requirement | None) -> tuple[SubjectKind, ...]:
        on = node.at("on")
        if on is None:
            if parent is not None:
                return parent.on
            if self._base_is_sound:
                hint = f"write {listed([each.value for each in SubjectKind], last='or')}"
                self._reporter.error("missing-key", place_of(node), "the key `on` is missing", hint)
            return ()
        asked = self._clauses.checks_of(node)
        if not asked and parent is not None:
            asked = [
                (each.metric, self._catalog.checks[each.check]) for each in bounds_of(parent.clause)
            ]
        items = on.value if isinstance(on.value, list) else [on]
        names = {each.value for each in SubjectKind}
        kinds = []
        for item in items:
            if not isinstance(item.value, str) or item.value not in names:
                continue  # reported by `validate`
            kind = SubjectKind(item.value)
            kinds.append(kind)
            for metric, check in dict.fromkeys(asked):
                if kind not in check.meta.on:
                    message = f"the check {quoted(check.meta.id)} cannot look at {quoted(kind)}"
                    hint = f"{quoted(metric)} can be asked of {listed(check.meta.on, last='or')}"
                    self._reporter.error("unsupported-subject", item.mark, message, hint)
        return tuple(each for each in SubjectKind if each in kinds)

    def _read_controls(self, node: Node) -> None:
        for item in items_at(node, "controls"):
            if not isinstance(item.value, str):
                continue
            if _CONTROL.fullmatch(item.value):
                self.mentions.append(ControlMention(item.value, item.mark))
            else:
                message = f"{quoted(item.value)} is no control"
                hint = "write `framework:clause`, such as `gdpr:5.1.c`"
                self._reporter.error("invalid-control", item.mark, message, hint)

    def _requirement_clause(self, node: Node, parent: Requirement | None) -> Clause | None:
        forms = [each for each in FORMS if node.at(each) is not None]
        if forms:
            return self._clauses.clause(node)
        if parent is None:
            if self._base_is_sound:
                self._reporter.error(
                    "missing-key",
                    place_of(node),
                    "the key `metric` is missing",
                    "or combine clauses with `all_of`, `any_of` or `not`",
                )
            return None
        limits = [each for each in ("at_most", "at_least", "where") if node.at(each) is not None]
        if not limits:
            return parent.clause
        if not isinstance(parent.clause, Bound):
            message = (
                f"{quoted(limits[0])} needs a `metric`: the clause at {parent.origin} has several"
            )
            self._reporter.error("missing-key", mark_of(node, limits[0]), message)
            return None
        return self._clauses.override(node, parent.clause)
