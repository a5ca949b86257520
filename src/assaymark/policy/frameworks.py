"""
Catalogues of controls: which parts of a published text a policy tests, and which it does not.

A claim of coverage is explicit and held to: a control marked `tested` is named by a requirement, and a
requirement names no control of a known catalogue that is not marked `tested`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from assaymark.marked_yaml import Mark, Node
from assaymark.policy.diagnostics import Reporter, did_you_mean, quoted
from assaymark.policy.document import ControlPart, FrameworkPart
from assaymark.policy.policy import Control, Framework
from assaymark.policy.requirements import KEBAB, ControlMention
from assaymark.policy.validation import items_at, read_date, text_at, validate

TESTED = "tested"


class FrameworkReader:
    """Reads the catalogues of one file on top of those it inherits."""

    def __init__(self, base: Mapping[str, Framework], reporter: Reporter) -> None:
        self._base = base
        self._reporter = reporter
        self._marks: dict[str, Mark] = {}
        self.result: dict[str, Framework] = dict(base)

    def read(self, nodes: Sequence[Node]) -> None:
        """Read all catalogues of the file."""
        seen: set[str] = set()
        for node in nodes:
            part = validate(FrameworkPart, node, self._reporter)
            mapped = read_date(node.at("mapped"), self._reporter)
            named = text_at(node, "id")
            if named is not None:
                self._demand_id(named, seen)
            name = "" if named is None else str(named.value)
            controls = [self._control(name, each) for each in items_at(node, "controls")]
            self._demand_unique(controls, node)
            if part is None or mapped is None:
                continue
            framework = Framework(
                id=part.id,
                title=part.title,
                version=part.version,
                source=part.source,
                mapped=mapped,
                controls=tuple(each for each in controls if each is not None),
            )
            self._add(framework, node)

    def hold_to_claims(self, mentions: Iterable[ControlMention], inherited: Iterable[str]) -> None:
        """Report controls that are claimed and not tested, or tested and not claimed.

        Args:
            mentions: Controls that requirements of this file name.
            inherited: Controls that inherited requirements name.
        """
        known = {each.id: each for it in self.result.values() for each in it.controls}
        named = set(inherited)
        for mention in mentions:
            named.add(mention.control)
            framework = mention.control.partition(":")[0]
            control = known.get(mention.control)
            if framework not in self.result:
                continue
            if control is None:
                message = (
                    f"the catalogue of {quoted(framework)} has no control {quoted(mention.control)}"
                )
                kin = [each for each in known if each.startswith(f"{framework}:")]
                hint = did_you_mean(mention.control, kin)
                self._reporter.error("unknown-control", mention.mark, message, hint)
            elif control.coverage != TESTED:
                message = f"{quoted(control.id)} is listed as `{control.coverage}`, not as `tested`"
                hint = "list it as `tested`, with a note that says what the test reaches"
                self._reporter.error("unclaimed-control", mention.mark, message, hint)
        for name, mark in self._marks.items():
            control = known.get(name)
            if control is not None and control.coverage == TESTED and name not in named:
                message = f"no requirement names {quoted(name)}, which is listed as `tested`"
                hint = "name it under `controls` of a requirement, or list it as `not-covered`"
                self._reporter.error("untested-control", mark, message, hint)

    def _demand_id(self, named: Node, seen: set[str]) -> None:
        name = str(named.value)
        if not KEBAB.fullmatch(name):
            hint = "use lower-case words joined by hyphens, such as `eu-ai-act`"
            self._reporter.error(
                "invalid-id", named.mark, f"{quoted(name)} is no framework id", hint
            )
        elif name in seen:
            self._reporter.error(
                "duplicate-id", named.mark, f"the framework {quoted(name)} stands here twice"
            )
        seen.add(name)

    def _control(self, framework: str, node: Node) -> Control | None:
        if not isinstance(node.value, dict):
            return None
        part = validate(ControlPart, node, self._reporter)
        if part is None:
            return None
        name = f"{framework}:{part.id}"
        self._marks.setdefault(name, (node.at("id") or node).mark)
        return Control(id=name, title=part.title, coverage=part.coverage, note=part.note)

    def _demand_unique(self, controls: Sequence[Control | None], node: Node) -> None:
        seen: set[str] = set()
        for control, item in zip(controls, items_at(node, "controls"), strict=True):
            if control is None:
                continue
            if control.id in seen:
                mark = (item.at("id") or item).mark
                self._reporter.error(
                    "duplicate-id", mark, f"the control {quoted(control.id)} stands here twice"
                )
            seen.add(control.id)

    def _add(self, framework: Framework, node: Node) -> None:
        inherited = self._base.get(framework.id)
        if inherited is not None and inherited.version != framework.version:
            message = (
                f"{quoted(framework.id)} is mapped to version {quoted(framework.version)} here "
                f"and to {quoted(inherited.version)} in a parent"
            )
            hint = "one policy maps one version of a text"
            mark = (node.at("version") or node).mark
            self._reporter.error("other-version", mark, message, hint)
            return
        self.result[framework.id] = merge_frameworks(framework, inherited)


def merge_frameworks(framework: Framework, inherited: Framework | None) -> Framework:
    """Return `framework` with the controls of `inherited` that it does not list itself."""
    if inherited is None:
        return framework
    own = {each.id: each for each in framework.controls}
    kept = [own.pop(each.id, each) for each in inherited.controls]
    return Framework(
        id=framework.id,
        title=framework.title,
        version=framework.version,
        source=framework.source,
        mapped=framework.mapped,
        controls=(*kept, *own.values()),
    )
