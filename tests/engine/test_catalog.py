from __future__ import annotations

from typing import Any

import pytest

from assaymark.engine import catalog as catalogs
from assaymark.engine.catalog import installed_catalog
from assaymark.errors import RegistryError

from .fakes import CHECKS, MarkCheck


def said(monkeypatch: pytest.MonkeyPatch, checks: dict[str, Any]) -> str:
    """The message with which an installation that also has `checks` is refused."""
    monkeypatch.setattr(catalogs, "installed_checks", lambda: checks)
    with pytest.raises(RegistryError) as error:
        installed_catalog()
    return error.value.message


def test_what_is_shipped_fits_together() -> None:
    """Every check reads detectors that exist, and every metric has one check."""
    catalog = installed_catalog()

    assert {each for check in catalog.checks.values() for each in check.meta.detectors} <= set(
        catalog.detectors
    )
    assert all(check.meta.id in catalog.checks for _, check in catalog.metrics.values())


def test_a_metric_has_one_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two that report it, nobody could say which one a policy means."""
    size = CHECKS["size"]

    assert said(monkeypatch, {"size": size, "again": size}) == (
        "the checks `size` and `size` both report `size.rows`"
    )


def test_a_check_reads_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plug-in check without its detector is refused by name."""
    assert said(monkeypatch, {"marks": MarkCheck}) == (
        "the check `marks` reads the detector `mark`, which is not installed"
    )
