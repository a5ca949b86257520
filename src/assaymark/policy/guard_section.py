"""
The section `guard` as it is written: read, type-checked, merged with that of the parents.

* A rule names an installed detector, and entities that it has switched on.
* What streams must be able to hold a rule: a detector whose answer may hang on the whole text can block or
  redact answers only where the policy has them held until they are whole (`stream: buffer`).
* A child adds rules. Of every other setting the stricter one wins.

tests/policy/test_guard_section.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from assaymark.contracts.catalog import Catalog
from assaymark.contracts.detector import DetectorSpec
from assaymark.marked_yaml import Node
from assaymark.policy.diagnostics import Reporter, did_you_mean, listed, quoted
from assaymark.policy.document import GuardPart, GuardRulePart
from assaymark.policy.guarding import STREAMED, Phase
from assaymark.policy.settings import DETECTORS, SettingsReader
from assaymark.policy.validation import items_at, text_at, try_validate, validate

PHASES = tuple(each.value for each in Phase)

_STRICTER: Mapping[str, str] = {
    "stream": "buffer",
    "invalid_json": "block",
    "uninspected": "block",
}
"""Setting to its stricter value."""

_ON_ERROR: tuple[str | None, ...] = ("allow", None, "block")
"""From the loosest to the strictest; unsaid, it is `block` for rules that change or stop something."""

_LONGER = ("deadline_ms", "check_deadline_ms")
"""Less time means less that is judged."""


class GuardReader:
    """Reads the section of one file.

    Args:
        catalog: What is installed.
        settings: Of the file; what rules need and nobody configured is added to it.
        reporter: Of the file.
    """

    def __init__(self, catalog: Catalog, settings: SettingsReader, reporter: Reporter) -> None:
        self._catalog = catalog
        self._settings = settings
        self._reporter = reporter

    def read(self, root: Node, inherited: Mapping[str, Any]) -> dict[str, Any]:
        """Return the section, merged with what is `inherited`, every default filled in."""
        node = root.at("guard")
        if node is None or not isinstance(node.value, dict):
            return dict(inherited)
        part = validate(GuardPart, node, self._reporter)
        plain: dict[str, Any] = node.plain()
        merged = merge_guards(inherited, _filled(plain) if part is not None else {})
        is_buffered = merged.get("stream") == "buffer"
        for phase in PHASES:
            for rule in items_at(node, phase):
                self._rule(rule, is_held=phase in STREAMED and not is_buffered)
        return merged

    def _rule(self, rule: Node, *, is_held: bool) -> None:
        if not isinstance(rule.value, dict):
            return
        part = validate(GuardRulePart, rule, self._reporter)
        detector = text_at(rule, "detector")
        if detector is None:
            return
        name = str(detector.value)
        spec = self._catalog.detectors.get(name)
        if spec is None:
            message = f"no installed detector is called {quoted(name)}"
            hint = did_you_mean(name, self._catalog.detectors)
            self._reporter.error("unknown-detector", detector.mark, message, hint)
            return
        self._settings.fill([name], (), detector.mark)
        settings = self._settings.result.settings[DETECTORS].get(name)
        if part is None or settings is None:
            return
        self._labels(rule, spec)
        self._operator(rule, part, spec)
        reason = spec.without_horizon(spec.settings.model_validate(dict(settings)))
        if is_held and part.do in ("redact", "block") and reason is not None:
            message = f"{quoted(name)} cannot {part.do} what is streamed: {reason}"
            hint = "set `stream: buffer` to hold answers until they are whole, or `do: flag`"
            self._reporter.error("needs-whole-text", detector.mark, message, hint)

    def _labels(self, rule: Node, spec: DetectorSpec) -> None:
        known = self._settings.labels(spec.id)
        for each in items_at(rule, "entities"):
            if known is None or not isinstance(each.value, str) or each.value in known:
                continue
            message = f"{quoted(spec.id)} does not look for {quoted(each.value)}"
            hint = did_you_mean(each.value, known, otherwise=f"it looks for {listed(known)}")
            self._reporter.error("switched-off", each.mark, message, hint)

    def _operator(self, rule: Node, part: GuardRulePart, spec: DetectorSpec) -> None:
        what = rule.at("do")
        if part.do == "redact" and not spec.entities and what is not None:
            message = f"{quoted(spec.id)} scores whole texts, so there is nothing to redact"
            self._reporter.error("nothing-to-redact", what.mark, message, "block or flag instead")
        if part.with_ is not None and part.do != "redact":
            message = f"`with` says how to redact, and this rule says `do: {part.do}`"
            self._reporter.error("misplaced-key", rule.keys["with"], message, "remove it")


def merge_guards(parent: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rules of both, and of everything else the stricter."""
    if not parent or not child:
        return dict(parent or child)
    merged: dict[str, Any] = {}
    for phase in PHASES:
        rules = _without_repeats([*parent.get(phase, []), *child.get(phase, [])])
        if rules:
            merged[phase] = rules
    on_error = max((each.get("on_error") for each in (parent, child)), key=_ON_ERROR.index)
    if on_error is not None:
        merged["on_error"] = on_error
    for name, strict in _STRICTER.items():
        merged[name] = strict if strict in (parent[name], child[name]) else child[name]
    for name in _LONGER:
        merged[name] = max(parent[name], child[name])
    return merged


def _filled(written: Mapping[str, Any]) -> dict[str, Any]:
    part, _ = try_validate(GuardPart, written)
    rules = {each: written[each] for each in PHASES if written.get(each)}
    settings = {} if part is None else part.model_dump(exclude=set(PHASES), exclude_none=True)
    return {**settings, **rules}


def _without_repeats(rules: Iterable[Any]) -> list[Any]:
    kept: list[Any] = []
    for rule in rules:
        if rule not in kept:
            kept.append(rule)
    return kept
