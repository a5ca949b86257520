"""
`--out`: a folder that holds a whole report or is left as it was.

Everything is made in a folder beside it first and moved into place at the end, the signed report last:
whoever finds `report.sigstore.json` finds what it speaks of. A folder that we did not fill is refused.

tests/cli/test_output_folder.py holds it, on errors and on signals.
"""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import Self

from assaymark.errors import UsageError

BUNDLE = "report.sigstore.json"
TEST_RESULT = "test-result.sigstore.json"
SUMMARY = "svr.sigstore.json"
EVIDENCE = "evidence.json"
FINDINGS = "findings.parquet"

# In the order in which they are moved. An old one is removed in the opposite order, the bundle first.
_OURS = (
    EVIDENCE,
    FINDINGS,
    "report.html",
    "report.md",
    "report.sarif",
    "report.junit.xml",
    "report.oscal.json",
    TEST_RESULT,
    SUMMARY,
    BUNDLE,
)


class OutputFolder:
    """A report while it is made.

    Used as a context manager; without `publish` nothing is left behind.

    Args:
        target: The folder that the user named.

    Raises:
        UsageError: The target is a file, or holds something and no report of ours.
    """

    def __init__(self, target: Path) -> None:
        if target.exists() and not target.is_dir():
            raise UsageError(f"`{target}` is not a folder", hint="name another folder with `--out`")
        if target.is_dir() and any(target.iterdir()) and not (target / EVIDENCE).is_file():
            raise UsageError(
                f"`{target}` holds files and no earlier report",
                hint="name a new or empty folder with `--out`",
            )
        self._target = target
        self._scratch = _nearest_folder(target) / f".{target.name}.{secrets.token_hex(4)}"

    def __enter__(self) -> Self:
        self._scratch.mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)

    def path(self, name: str) -> Path:
        """Return where to write the file `name` for now."""
        return self._scratch / name

    def write(self, name: str, data: bytes) -> None:
        """Write one whole file."""
        self.path(name).write_bytes(data)

    def publish(self) -> tuple[Path, ...]:
        """Move everything into place and return where it lies."""
        for name in reversed(_OURS):
            (self._target / name).unlink(missing_ok=True)
        self._target.mkdir(parents=True, exist_ok=True)
        made = [name for name in _OURS if self.path(name).is_file()]
        for name in made:
            self.path(name).replace(self._target / name)
        return tuple(self._target / name for name in made)


def _nearest_folder(target: Path) -> Path:
    """Return the closest parent that exists: on the same file system, so that moving is renaming."""
    return next(each for each in target.absolute().parents if each.is_dir())
