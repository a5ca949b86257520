"""`checks list|show` and `new check`."""

from __future__ import annotations

import shutil

import pytest

from assaymark.engine.catalog import installed_catalog


def test_every_check_is_listed(run) -> None:
    """The list names each check, its metrics and which way is better."""
    shown = run("checks", "list")
    data = run("checks", "list", "--json").json

    checks = installed_catalog().checks
    assert shown.status == 0
    assert [each["id"] for each in data] == list(checks)
    assert all(metric in shown.out for metric in installed_catalog().metrics)
    assert "records.count: count, either way" in shown.out


@pytest.mark.parametrize("check", list(installed_catalog().checks))
def test_every_check_has_a_page(check, run) -> None:
    """What a check measures, misses and how to mend it is one command away."""
    result = run("checks", "show", check)

    assert result.status == 0
    assert result.out.startswith(f"# `{check}`")
    assert "## Known limits" in result.out


def test_labels_are_shown(run) -> None:
    """Whoever writes a policy sees which entities exist."""
    result = run("checks", "show", "pii-exposure")

    assert "CREDIT_CARD" in result.out


def test_an_unknown_check_is_corrected(run) -> None:
    """A typo gets the nearest name; nonsense gets the list."""
    near, far = run("checks", "show", "pii-exposur"), run("checks", "show", "zzz")

    assert (near.status, far.status) == (2, 2)
    assert near.err == (
        "error: no check `pii-exposur` is installed\nhint: did you mean `pii-exposure`?\n"
    )
    assert far.err == "error: no check `zzz` is installed\nhint: see `assaymark checks list`\n"


def test_new_check(run, tmp_path, repository) -> None:
    """A new check is written into a checkout, all of its files at once."""
    registry = "src/assaymark/checks/registry.py"
    (tmp_path / registry).parent.mkdir(parents=True)
    shutil.copy(repository / registry, tmp_path / registry)

    result = run("new", "check", "overlong-text", "--family", "texts", "--root", tmp_path)

    assert result.status == 0
    listed = [line.strip() for line in result.out.splitlines() if line.startswith("  ")]
    assert "src/assaymark/checks/texts/overlong_text.py" in listed
    assert all((tmp_path / name).is_file() for name in listed)


def test_new_check_refuses_a_bad_id(run, tmp_path) -> None:
    """A name that breaks the rules is told, with the rule."""
    result = run("new", "check", "Bad_Id", "--family", "texts", "--root", tmp_path)

    assert result.status == 2
    assert result.err.startswith("error: `Bad_Id` is no id for a check\nhint: ")
