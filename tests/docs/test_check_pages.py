"""The committed pages in `docs/checks/` say what the checks say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assaymark.checks.page import page_path, read_cases, render, write_pages
from assaymark.checks.records.record_health import RecordHealth
from assaymark.checks.registry import BUILTIN
from assaymark.contracts.check import CheckType

_AGAIN = "write the pages again: python -m assaymark.checks.page"


@pytest.mark.parametrize("check", BUILTIN, ids=lambda each: each.meta.id)
def test_page_is_in_step_with_the_check(check: CheckType, repository: Path) -> None:
    """A page is made from the check and its cases, and committed as made."""
    committed = page_path(check.meta.id, repository).read_text(encoding="utf-8")

    assert committed == render(check, read_cases(check.meta.id, repository)), _AGAIN


def test_no_page_is_left_over(repository: Path) -> None:
    """A page without a check describes something that does not happen."""
    pages = {each.stem for each in (repository / "docs/checks").glob("*.md")}

    assert pages == {each.meta.id for each in BUILTIN}


def test_whole_page() -> None:
    """Facts, metrics, prose, settings: in that order, with nothing of the source left in."""
    prose = (RecordHealth.__doc__ or "").partition("## Why")[2]

    page = render(RecordHealth, {"quiet": "rows: []\n"})

    assert page.startswith(
        """\
# `record-health`

How many records there are, how many hold no text, and how many could not be read.

|  |  |
| --- | --- |
| Family | `records` |
| Judges | dataset, outputs |
| Detectors | none |
| Since | 0.1 |
| Version | 1 |

## Metrics

| metric | what | unit | bound | labels |
| --- | --- | --- | --- | --- |
| `records.count` | records that were read | count | either bound | none |
| `records.empty-rate` | share of records that hold no text but white space | share | lower is better | none |
| `records.unreadable-rate` | share of records that could not be read | share | lower is better | none |
| `records.unread-fields` | fields whose values nobody looked at | count | lower is better | none |

## Why it matters
"""
    )
    assert page.endswith(
        """\
## Settings

None.

## Examples

### Quiet

```yaml
rows: []
```
"""
    )
    assert [line.strip() for line in prose.splitlines() if line.strip()][-1] in page


def test_without_cases_there_are_no_examples() -> None:
    """An installed package has no tests, so the command line prints the page without them."""
    assert "Examples" not in render(RecordHealth)


def test_pages_are_written_where_they_are_read(tmp_path: Path) -> None:
    """Writing again and comparing agree on the place and on the text."""
    (path,) = write_pages(tmp_path, (RecordHealth,))

    assert path == tmp_path / "docs/checks/record-health.md"
    assert path.read_text(encoding="utf-8") == render(RecordHealth)


def test_the_command_that_the_failure_names_works(tmp_path: Path, repository: Path) -> None:
    """Run in a checkout, it writes every page and says where."""
    done = subprocess.run(
        [sys.executable, "-m", "assaymark.checks.page"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(repository / "src")},
        capture_output=True,
        text=True,
        check=True,
    )

    paths = [page_path(each.meta.id, tmp_path) for each in BUILTIN]
    assert done.stdout.splitlines() == [str(each) for each in paths]
    assert all(each.is_file() for each in paths)
