"""Third parties' checks and detectors, as they are really installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

from assaymark.checks.records.record_health import RecordHealth
from assaymark.checks.registry import BUILTIN, installed_checks
from assaymark.contracts import plugins
from assaymark.errors import RegistryError

_LOOK = """
import json
from assaymark.checks.registry import installed_checks
from assaymark.detectors.registry import installed_detectors
from assaymark.testing import check_contract, detector_contract

check = installed_checks()["shouting-rate"]
spec = installed_detectors()["shouting"]
check_contract(check)
detector_contract(spec, texts=["GOOD MORNING to you", "hello"])
print(json.dumps({"check": check.meta.metrics[0].name, "entities": spec.entities}))
"""


@pytest.fixture(scope="module")
def installed(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip installed the example package."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--disable-pip-version-check", "--target", str(target)]
    done = subprocess.run(
        [*command, str(repository / "tests/plugin_package")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return target


def _python(code: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )


def test_an_installed_package_is_found_and_keeps_the_contracts(
    installed: Path, repository: Path
) -> None:
    """Installing a package with entry points is all it takes; its parts pass our own laws."""
    done = _python(_LOOK, installed, repository / "src")

    assert done.stderr == ""
    assert json.loads(done.stdout) == {"check": "style.shouting-rate", "entities": ["SHOUTED_WORD"]}


def test_a_package_that_is_not_installed_is_not_found(repository: Path) -> None:
    """Without its entry points the same code is unknown."""
    done = _python(_LOOK, repository / "src")

    assert "KeyError: 'shouting-rate'" in done.stderr


class Taken(RecordHealth):
    """Takes the id of a built-in."""


def _point_at(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    point = EntryPoint(name="theirs", value=value, group="assaymark.checks")

    def entry_points(*, group: str) -> Any:
        return EntryPoints([point]).select(group=group)

    monkeypatch.setattr(plugins, "entry_points", entry_points)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("no_such_module:Check", "ModuleNotFoundError"),
        ("assaymark.checks.records.record_health:NoSuchCheck", "AttributeError"),
        ("assaymark.errors:UsageError", "AttributeError"),
    ],
)
def test_a_plugin_that_does_not_load_fails_by_name(
    monkeypatch: pytest.MonkeyPatch, value: str, error: str
) -> None:
    """A check that is asked for and cannot run is an error, never a warning."""
    _point_at(monkeypatch, value)

    with pytest.raises(RegistryError) as caught:
        installed_checks()

    assert caught.value.message == (
        f"the plug-in `theirs` of `assaymark.checks` does not load: {error}"
    )
    assert caught.value.hint == f"repair or uninstall the package that provides `{value}`"


def test_a_plugin_that_raises_at_import_fails_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever a stranger's module raises, the message says whose it is."""
    (tmp_path / "raises_at_import.py").write_text("raise ZeroDivisionError\n")
    monkeypatch.syspath_prepend(tmp_path)
    _point_at(monkeypatch, "raises_at_import:Check")

    with pytest.raises(RegistryError) as caught:
        installed_checks()

    assert caught.value.message == (
        "the plug-in `theirs` of `assaymark.checks` does not load: ZeroDivisionError"
    )


def test_a_plugin_that_takes_an_id_fails_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can replace a built-in check by installing a package."""
    _point_at(monkeypatch, f"{__name__}:Taken")

    with pytest.raises(RegistryError) as caught:
        installed_checks()

    assert caught.value.message == (
        "the plug-in `theirs` of `assaymark.checks` takes the id `record-health`, which exists"
    )


def test_a_plugin_with_an_id_of_its_own_joins_the_builtins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Built-ins come first, in their order."""
    monkeypatch.setattr(Taken, "meta", replace(RecordHealth.meta, id="theirs"))
    _point_at(monkeypatch, f"{__name__}:Taken")

    assert list(installed_checks()) == [*(each.meta.id for each in BUILTIN), "theirs"]
