"""
Clauses: bounds on metrics, and their combinations, type-checked against what is installed.

A bound that would reward harm is an error: of a metric that is better when lower, only `at_most` may be
asked, and the other way about. Under `not` both turn around.
"""

from __future__ import annotations

from dataclasses import replace

from assaymark.contracts.catalog import Catalog
from assaymark.contracts.check import CheckType, words_of
from assaymark.marked_yaml import Mark, Node
from assaymark.model.measurement import Labels
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.policy.diagnostics import Reporter, did_you_mean, listed, nearest, quoted
from assaymark.policy.document import ClausePart
from assaymark.policy.policy import AllOf, AnyOf, Bound, Clause, Not
from assaymark.policy.settings import SettingsReader
from assaymark.policy.validation import entries_at, items_at, place_of, shown, text_at, validate

FORMS = ("metric", "all_of", "any_of", "not")
MAX_NESTING = 6  # of all_of, any_of and not; deeper ones cannot be explained to anybody

_LARGEST_COUNT = 2**53  # beyond this, JSON numbers are no longer exact
_FEW = 8  # names that a hint lists in full


class ClauseReader:
    """Reads the clauses of one file.

    Args:
        catalog: What is installed.
        settings: The file's settings, already read; completed here with what clauses need.
        reporter: Of the file.
    """

    def __init__(self, catalog: Catalog, settings: SettingsReader, reporter: Reporter) -> None:
        self._catalog = catalog
        self._settings = settings
        self._reporter = reporter

    def clause(self, node: Node) -> Clause | None:
        """Return the clause at `node`, whose own keys are validated already."""
        return self._clause(node, negated=False, depth=0)

    def override(self, node: Node, inherited: Bound) -> Bound | None:
        """Return the bound at `node`; metric, labels and limit that are not written are `inherited`."""
        return self._bound(node, inherited, negated=False)

    def checks_of(self, node: Node) -> list[tuple[str, CheckType]]:
        """Return the known metrics that the clause at `node` names, however wrong it is, and their checks."""
        found = []
        name = text_at(node, "metric")
        if name is not None and name.value in self._catalog.metrics:
            metric, check = self._catalog.metrics[str(name.value)]
            found.append((metric.name, check))
        inner = node.at("not")
        for each in (*items_at(node, "all_of"), *items_at(node, "any_of"), inner):
            if each is not None:
                found += self.checks_of(each)
        return found

    def _clause(self, node: Node, *, negated: bool, depth: int) -> Clause | None:
        """Read a clause whose keys pydantic has looked at already."""
        forms = [each for each in FORMS if node.at(each) is not None]
        if len(forms) > 1:
            message = f"expected one of {listed(FORMS)}, got {listed(forms)}"
            hint = "combine clauses with `all_of`"
            self._reporter.error("ambiguous-clause", node.keys[forms[1]], message, hint)
            return None
        if not forms:
            message = f"expected one of {listed(FORMS, last='or')}"
            self._reporter.error("missing-key", place_of(node), message)
            return None
        form = forms[0]
        if form == "metric":
            return self._bound(node, None, negated=negated)
        for each in ("where", "at_most", "at_least"):
            if node.at(each) is not None:
                message = f"{quoted(each)} belongs beside a `metric`, not beside `{form}`"
                self._reporter.error("misplaced-key", node.keys[each], message)
        if depth >= MAX_NESTING:
            message = f"clauses are nested deeper than {MAX_NESTING} levels"
            self._reporter.error("too-deep", node.keys[form], message)
            return None
        if form == "not":
            inner = node.at("not")
            clause = None if inner is None else self._inner(inner, negated=not negated, depth=depth)
            return None if clause is None else Not(clause)
        items = items_at(node, form)
        clauses = [self._inner(each, negated=negated, depth=depth) for each in items]
        sound = tuple(each for each in clauses if each is not None)
        if not sound or len(sound) < len(clauses):
            return None
        return AllOf(sound) if form == "all_of" else AnyOf(sound)

    def _inner(self, node: Node, *, negated: bool, depth: int) -> Clause | None:
        if not isinstance(node.value, dict):
            return None  # reported by `validate` of the clause around it
        validate(ClausePart, node, self._reporter)
        return self._clause(node, negated=negated, depth=depth + 1)

    def _bound(self, node: Node, inherited: Bound | None, *, negated: bool) -> Bound | None:
        """Read a bound; metric and labels that are not written are `inherited`."""
        before = self._reporter.errors
        name = text_at(node, "metric")
        metric_name = inherited.metric if inherited is not None else name and str(name.value)
        if not metric_name:
            return None
        found = self._catalog.metrics.get(metric_name)
        if found is None:
            mark = place_of(node) if name is None else name.mark
            self._unknown_metric(metric_name, mark)
            self._labels_of_meant_metric(node, metric_name)
            self._exactly_one_limit(node, None)
            return None
        metric, check = found
        mark = place_of(node) if name is None else name.mark
        self._settings.fill(check.meta.detectors, (check.meta.id,), mark)
        where = node.at("where")
        labels: Labels | None = inherited.labels if inherited is not None else ()
        if where is not None:
            labels = self._labels(where, metric, check)
        side = self._exactly_one_limit(node, metric)
        if side is None:
            if inherited is None or node.at("at_most") or node.at("at_least"):
                return None
            if labels is None:
                return None
            return replace(inherited, labels=labels, rules=metric.rules_behind(labels))
        limit = self._limit(node, side, metric, negated=negated)
        if limit is None or labels is None or self._reporter.errors > before:
            return None
        return Bound(
            metric=metric.name,
            labels=labels,
            at_most=limit if side == "at_most" else None,
            at_least=limit if side == "at_least" else None,
            unit=metric.unit,
            check=check.meta.id,
            rules=metric.rules_behind(labels),
        )

    def _exactly_one_limit(self, node: Node, metric: Metric | None) -> str | None:
        sides = [each for each in ("at_most", "at_least") if node.at(each) is not None]
        if len(sides) == 1:
            return sides[0]
        if sides:
            message = "expected `at_most` or `at_least`, got both"
            hint = "write one requirement for each, or combine two clauses with `all_of`"
            self._reporter.error("ambiguous-bound", node.keys["at_least"], message, hint)
        elif node.at("metric") is not None and not _has_misspelt_limit(node):
            message = "expected `at_most` or `at_least`, got neither"
            hint = f"say how much is allowed, such as `{_example_of_limit(metric)}`"
            self._reporter.error("missing-bound", node.keys["metric"], message, hint)
        return None

    def _limit(self, node: Node, side: str, metric: Metric, *, negated: bool) -> float | None:
        value = node.at(side)
        if (
            value is None
            or isinstance(value.value, bool)
            or not isinstance(value.value, int | float)
        ):
            return None
        limit = float(value.value)
        allowed = {Direction.LOWER: "at_most", Direction.HIGHER: "at_least"}.get(metric.direction)
        if negated and allowed is not None:
            allowed = "at_least" if allowed == "at_most" else "at_most"
        if allowed is not None and side != allowed:
            better = "less" if metric.direction is Direction.LOWER else "more"
            under = ", and `not` turns the bound around" if negated else ""
            message = (
                f"{quoted(side)} would demand harm: {better} {quoted(metric.name)} is better{under}"
            )
            self._reporter.error("wrong-direction", node.keys[side], message, f"use `{allowed}`")
        elif metric.unit is Unit.SHARE and not 0 <= limit <= 1:
            message = f"a share lies between 0 and 1, got {_number(value)}"
            hint = f"write {limit / 100:g} for {limit:g} %" if 1 < limit <= 100 else None  # noqa: PLR2004
            self._reporter.error("out-of-range", value.mark, message, hint)
        elif metric.unit is Unit.COUNT and not (
            limit.is_integer() and 0 <= limit <= _LARGEST_COUNT
        ):
            message = f"a count is a whole number from 0, got {_number(value)}"
            self._reporter.error("out-of-range", value.mark, message)
        elif _is_void(side, limit, metric) and not negated:
            message = f"{quoted(side)} {_number(value)} can never be broken"
            self._reporter.warning("void-bound", value.mark, message, "choose a tighter bound")
        return limit

    def _unknown_metric(self, name: str, mark: Mark) -> None:
        metrics = self._catalog.metrics
        family = name.partition(".")[0]
        kin = sorted(each for each in metrics if each.partition(".")[0] == family)
        otherwise = "run `assaymark checks list` for all metrics"
        if kin:
            otherwise = f"`{family}` has {listed(kin)}"
        message = f"no installed check reports {quoted(name)}"
        hint = did_you_mean(name, metrics, otherwise=otherwise)
        self._reporter.error("unknown-metric", mark, message, hint)

    def _labels_of_meant_metric(self, node: Node, name: str) -> None:
        """Look at the labels of a metric that does not exist as at those of the one that was meant."""
        meant = nearest(name, self._catalog.metrics)
        if meant is None:
            return
        metric, check = self._catalog.metrics[meant]
        for label, value in entries_at(node, "where").items():
            if label in metric.labels and isinstance(value.value, str):
                self._label_value(label, value, check)

    def _labels(self, where: Node, metric: Metric, check: CheckType) -> Labels | None:
        if where.value == {}:
            hint = "remove it: without `where` the metric covers everything"
            self._reporter.error("empty", where.mark, "`where` is an empty mapping", hint)
            return None
        before = self._reporter.errors
        for name, value in entries_at(where).items():
            if name not in metric.labels:
                otherwise = (
                    f"its labels are {listed(metric.labels)}" if metric.labels else "remove `where`"
                )
                message = f"{quoted(metric.name)} has no label {quoted(name)}"
                suggestion = did_you_mean(name, metric.labels, otherwise=otherwise)
                self._reporter.error("unknown-label", where.keys[name], message, suggestion)
            elif isinstance(value.value, str):
                self._label_value(name, value, check)
        if not isinstance(where.value, dict) or self._reporter.errors > before:
            return None
        return tuple(sorted((name, str(each.value)) for name, each in where.value.items()))

    def _label_value(self, label: str, node: Node, check: CheckType) -> None:
        value = str(node.value)
        words = vocabulary(self._catalog, check, label)
        if not words:
            return
        if value not in words:
            known = listed(words) if len(words) <= _FEW else "listed by `assaymark checks show`"
            message = f"no {label} is called {quoted(value)}"
            hint = did_you_mean(value, words, otherwise=f"the names are {known}")
            self._reporter.error("unknown-label-value", node.mark, message, hint)
            return
        if label in words_of(check):
            return
        enabled = [self._settings.labels(each) for each in check.meta.detectors]
        if None not in enabled and not any(value in (each or ()) for each in enabled):
            section = listed([f"detectors.{each}" for each in check.meta.detectors], last="or")
            message = f"{quoted(value)} is not switched on in this policy"
            hint = f"switch it on in {section}"
            specs = [self._catalog.detectors[each] for each in check.meta.detectors]
            if all("entities" in each.settings.model_fields for each in specs):
                hint += ": under `entities`, beside those that are on already"
            self._reporter.error("switched-off", node.mark, message, hint)


def vocabulary(catalog: Catalog, check: CheckType, label: str) -> tuple[str, ...]:
    """Return what `label` of the metrics of `check` can be, or nothing where nobody declares it."""
    if (declared := words_of(check).get(label)) is not None:
        return declared
    if label not in ("entity", "category"):
        return ()
    specs = [catalog.detectors[each] for each in check.meta.detectors]
    entities = [name for spec in specs for name in spec.entities]
    categories = [name for spec in specs for name in spec.categories]
    words = {"entity": entities, "category": categories}.get(label) or entities + categories
    return tuple(dict.fromkeys(words))


def _has_misspelt_limit(node: Node) -> bool:
    """Whether a key that is reported as unknown was meant to be the limit."""
    sides = ("at_most", "at_least")
    return any(nearest(key, (*FORMS, "where", "on", *sides)) in sides for key in entries_at(node))


def _example_of_limit(metric: Metric | None) -> str:
    if metric is None or metric.direction is Direction.LOWER:
        return "at_most: 0"
    return "at_least: 0.9" if metric.unit is Unit.SHARE else "at_least: 1"


def _is_void(side: str, limit: float, metric: Metric) -> bool:
    if side == "at_least":
        return limit == 0
    return metric.unit is Unit.SHARE and limit == 1


def _number(node: Node) -> str:
    return shown(node).removeprefix("the number ")


def mark_of(node: Node, key: str) -> Mark:
    """Return where to point for `key`; for `clause`, at the bound."""
    for each in ("at_most", "at_least", *FORMS) if key == "clause" else (key,):
        value = node.at(each)
        if value is not None:
            return value.mark if not isinstance(value.value, list | dict) else node.keys[each]
    return place_of(node)
