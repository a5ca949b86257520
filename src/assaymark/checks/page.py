"""
A check's documentation page, made from the check.

The docstring is the prose, `meta` and `Settings` are the tables, and the cases that its tests run are
the examples, so a page cannot say what the check does not do. `docs/checks/<id>.md` is the committed
output; tests/docs/test_check_pages.py fails where it differs. To write the pages again:

    python -m assaymark.checks.page
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from assaymark.checks.registry import BUILTIN
from assaymark.contracts.check import CheckType
from assaymark.model.metric import Direction

SECTIONS = ("Why it matters", "Remediation", "Known limits")
"""What every check's docstring must say."""

_BETTER = {
    Direction.LOWER: "lower is better",
    Direction.HIGHER: "higher is better",
    Direction.EITHER: "either bound",
}


def render(check: CheckType, cases: Mapping[str, str] | None = None) -> str:
    """Return the page of `check` as Markdown.

    Args:
        check: The check.
        cases: Name to YAML text of each case that is shown as an example. An installed package has
            none, so the command line prints the page without this section.
    """
    summary, _, prose = (inspect.getdoc(check) or check.meta.summary).partition("\n\n")
    parts = [
        f"# `{check.meta.id}`",
        " ".join(summary.split()),
        _table(("", ""), _facts(check)),
        "## Metrics",
        _table(("metric", "what", "unit", "bound", "labels"), _metrics(check)),
        prose.strip(),
        "## Settings",
        _settings(check),
    ]
    if cases:
        parts.append("## Examples")
        for name, text in cases.items():
            parts.append(f"### {name.capitalize()}\n\n```yaml\n{text.strip()}\n```")
    return "\n\n".join(part for part in parts if part) + "\n"


def read_cases(check_id: str, root: Path) -> dict[str, str]:
    """Return the cases of a check by name, from the tests of the checkout at `root`."""
    folder = root / "tests" / "checks" / "cases" / check_id
    return {each.stem: each.read_text(encoding="utf-8") for each in sorted(folder.glob("*.yaml"))}


def page_path(check_id: str, root: Path) -> Path:
    """Return where the page of a check stands in the checkout at `root`."""
    return root / "docs" / "checks" / f"{check_id}.md"


def write_pages(root: Path, checks: Iterable[CheckType] = BUILTIN) -> list[Path]:
    """Write the page of every check into the checkout at `root`; return the paths."""
    paths = []
    for check in checks:
        path = page_path(check.meta.id, root)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(check, read_cases(check.meta.id, root)), encoding="utf-8")
        paths.append(path)
    return paths


def _facts(check: CheckType) -> Iterator[tuple[str, ...]]:
    meta = check.meta
    yield "Family", f"`{meta.family}`"
    yield "Judges", ", ".join(each.value for each in meta.on)
    yield "Detectors", _names(meta.detectors)
    yield "Since", meta.added
    yield "Version", meta.version


def _metrics(check: CheckType) -> Iterator[tuple[str, ...]]:
    for each in check.meta.metrics:
        labels = _names(each.labels)
        yield f"`{each.name}`", each.summary, each.unit.value, _BETTER[each.direction], labels


def _settings(check: CheckType) -> str:
    fields = check.Settings.model_fields
    if not fields:
        return "None."
    rows = (
        (f"`{name}`", f"`{_as_json(field.get_default(call_default_factory=True))}`",
         field.description or "")
        for name, field in fields.items()
    )  # fmt: skip
    return _table(("setting", "default", "what"), rows)


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{each}`" for each in names) or "none"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(each.replace("|", r"\|") for each in row) + " |" for row in lines
    )


if __name__ == "__main__":
    for written in write_pages(Path.cwd()):
        sys.stdout.write(f"{written}\n")
