from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assaymark.checks.scaffold import scaffold
from assaymark.errors import UsageError

REGISTRY = "src/assaymark/checks/registry.py"


@pytest.fixture
def checkout(repository: Path, tmp_path: Path) -> Path:
    """As much of a checkout as the project's own checks need."""
    root = tmp_path / "checkout"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(repository / "src", root / "src", ignore=ignore)
    for path in ("tests/checks", "tests/docs", "docs/checks"):
        shutil.copytree(repository / path, root / path, ignore=ignore)
    for path in ("pyproject.toml", "README.md", "tests/conftest.py"):
        shutil.copy(repository / path, root / path)
    return root


def _files(root: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(root)): each.read_bytes() if each.is_file() else b""
        for each in root.rglob("*")
    }


def _run(root: Path, *command: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(root / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_made_passes_every_check_of_the_project(checkout: Path) -> None:
    """A short name in a new family and a long one in an old: format, lint, types, tests, pages."""
    long_id = "a-name-of-exactly-as-much-as-is-allowed1"
    written = scaffold("overlong-text", "texts", checkout) + scaffold(long_id, "records", checkout)

    python = sorted({str(each.relative_to(checkout)) for each in written if each.suffix == ".py"})
    module = long_id.replace("-", "_")
    _run(checkout, "ruff", "format", "--no-cache", "--check", *python)
    _run(checkout, "ruff", "check", "--no-cache", *python)
    _run(checkout, "mypy", *[each for each in python if each.startswith("src")])
    _run(
        checkout,
        *("pytest", "-q", "-p", "no:cacheprovider"),
        "tests/checks/texts/test_overlong_text.py",
        f"tests/checks/records/test_{module}.py",
        "tests/docs/test_check_pages.py",
        "tests/checks/test_contract.py::test_ids_and_metrics_are_unique",
    )

    registry = (checkout / REGISTRY).read_text()
    assert "    OverlongText,\n" in registry
    assert len(written) == 8 + 6


def test_what_was_written_is_told(checkout: Path) -> None:
    """The author hears of every file, the registry last."""
    written = scaffold("overlong-text", "texts", checkout)

    assert [each.relative_to(checkout).as_posix() for each in written] == [
        "src/assaymark/checks/texts/overlong_text.py",
        "tests/checks/texts/test_overlong_text.py",
        "tests/checks/cases/overlong-text/fires.yaml",
        "tests/checks/cases/overlong-text/quiet.yaml",
        "docs/checks/overlong-text.md",
        "tests/checks/texts/__init__.py",
        "src/assaymark/checks/texts/__init__.py",
        REGISTRY,
    ]


_ID_HINT = "use small letters, digits and single hyphens, such as `overlong-text`; at most 40"
_FAMILY_HINT = "use one word in small letters, such as `texts`"


@pytest.mark.parametrize(
    ("check_id", "family", "message", "hint"),
    [
        ("Overlong", "texts", "`Overlong` is no id for a check", _ID_HINT),
        ("over--long", "texts", "`over--long` is no id for a check", _ID_HINT),
        ("../evil", "texts", "`../evil` is no id for a check", _ID_HINT),
        ("", "texts", "`` is no id for a check", _ID_HINT),
        ("class", "texts", "`class` is no id for a check", _ID_HINT),
        ("none", "texts", "`none` is no id for a check", _ID_HINT),
        ("finding", "texts", "`finding` is no id for a check", _ID_HINT),
        ("a" * 41, "texts", f"`{'a' * 41}` is no id for a check", _ID_HINT),
        ("new", "my-texts", "`my-texts` is no name for a family", _FAMILY_HINT),
        ("new", "../texts", "`../texts` is no name for a family", _FAMILY_HINT),
        ("new", "import", "`import` is no name for a family", _FAMILY_HINT),
        ("new", "rates", "the name `rates` is taken by a module", "choose another family"),
        (
            "pii-exposure",
            "texts",
            "the id `pii-exposure` is taken",
            "ids are never used twice",
        ),
    ],
)
def test_bad_and_taken_names_are_refused(
    checkout: Path, check_id: str, family: str, message: str, hint: str
) -> None:
    """Nothing is written for a name that would break something."""
    before = _files(checkout)

    with pytest.raises(UsageError) as caught:
        scaffold(check_id, family, checkout)

    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert _files(checkout) == before


def test_outside_a_checkout_it_says_where_plugins_go(tmp_path: Path) -> None:
    """An installed package has no registry that an author should edit."""
    with pytest.raises(UsageError) as caught:
        scaffold("overlong-text", "texts", tmp_path)

    assert caught.value.message == (
        f"`{tmp_path}` is no checkout of assaymark: it has no `{REGISTRY}`"
    )
    assert caught.value.hint == (
        "a check outside this project is a package with an entry point in `assaymark.checks`"
    )


def test_an_existing_file_is_never_overwritten(checkout: Path) -> None:
    """Somebody's page for the same id stays, and nothing else appears beside it."""
    page = checkout / "docs/checks/overlong-text.md"
    page.write_text("mine")
    before = _files(checkout)

    with pytest.raises(UsageError) as caught:
        scaffold("overlong-text", "texts", checkout)

    assert caught.value.message == f"`{page}` exists"
    assert _files(checkout) == before


def test_an_odd_registry_is_left_alone(checkout: Path) -> None:
    """A registry that somebody reshaped is for a person to edit."""
    (checkout / REGISTRY).write_text("CHECKS = []\n")
    before = _files(checkout)

    with pytest.raises(UsageError) as caught:
        scaffold("overlong-text", "texts", checkout)

    assert caught.value.message == f"`{REGISTRY}` does not look as expected"
    assert caught.value.hint == "add `OverlongText` to it by hand, as the other checks are"
    assert _files(checkout) == before


def test_a_write_that_fails_leaves_nothing_behind(checkout: Path) -> None:
    """The page cannot be written, because a file stands where its folder should: all is undone."""
    shutil.rmtree(checkout / "docs")
    (checkout / "docs").write_text("a file")
    before = _files(checkout)

    with pytest.raises(UsageError) as caught:
        scaffold("overlong-text", "texts", checkout)

    assert (
        caught.value.message == f"`{checkout / 'docs/checks'}` cannot be written: Not a directory"
    )
    assert _files(checkout) == before


def test_a_registry_that_cannot_be_written_is_put_back(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full at the last file, half way through it: the old registry stands again."""
    before = _files(checkout)
    write_text = Path.write_text

    def full(path: Path, text: str, **options: str) -> int:
        if path.name == "registry.py":
            write_text(path, text[:10], **options)
            raise OSError(28, "No space left on device", str(path))
        return write_text(path, text, **options)

    monkeypatch.setattr(Path, "write_text", full)

    with pytest.raises(UsageError) as caught:
        scaffold("overlong-text", "texts", checkout)

    assert caught.value.message == (
        f"`{checkout / REGISTRY}` cannot be written: No space left on device"
    )
    assert _files(checkout) == before
