"""
A new check that works before its first line is edited.

It counts texts that are too long, in all the places that a check has: the class, its line in the
registry, its test, its two cases and its page. An author replaces what it counts.

INVARIANT: everything is made and checked before anything is written, and what was written is taken back
when a write fails. tests/checks/test_scaffold.py runs the result through every check of the project.
"""

from __future__ import annotations

import keyword
import re
import sys
import types
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from assaymark import __version__
from assaymark.checks.page import page_path, render
from assaymark.checks.registry import installed_checks
from assaymark.errors import UsageError

_KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_FAMILY = re.compile(r"[a-z][a-z0-9]*")
_LONGEST = 40  # characters of an id or family; keeps generated lines within the project's width
_WIDTH = 100  # of a line, as the formatter is set
_REGISTRY = "src/assaymark/checks/registry.py"

_FIRES = """\
about: One text in two has more characters than the policy allows.
settings: {limit: 5}
rows:
  - texts: [{text: hello}]
  - texts: [{text: good morning}]
expect:
  - {metric: @METRIC@, hits: 1, judged: 2, unjudged: 0}
findings:
  - {rule: too-long, row: 1, start: 0, end: 12}
"""

_QUIET = """\
about: A text of exactly as many characters as the policy allows is no finding.
settings: {limit: 5}
rows:
  - texts: [{text: hello}]
expect:
  - {metric: @METRIC@, hits: 0, judged: 1, unjudged: 0}
findings: []
"""


def scaffold(check_id: str, family: str, root: Path) -> list[Path]:
    """Write a new check into the checkout at `root` and enter it in the registry.

    Args:
        check_id: Kebab-case; names what is measured or wrong, such as `overlong-text`.
        family: Folder under `checks/` and first part of the metric's name, such as `texts`.
        root: A checkout of this project.

    Returns:
        What was written, the registry last.

    Raises:
        UsageError: An id or family is not well formed or is taken, a file exists, `root` is no checkout,
            or a file cannot be written. Nothing is left behind then.
    """
    _demand_names(check_id, family, root)
    contents = {root / path: text for path, text in _contents(check_id, family, root).items()}
    registry = root / _REGISTRY
    for path in contents:
        if path.exists() and path != registry:
            raise UsageError(f"`{path}` exists", hint="choose another id, or remove the file")
    _write(contents)
    return list(contents)


def _demand_names(check_id: str, family: str, root: Path) -> None:
    if not _KEBAB.fullmatch(check_id) or len(check_id) > _LONGEST or _clashes(check_id):
        raise UsageError(
            f"`{check_id}` is no id for a check",
            hint="use small letters, digits and single hyphens, such as `overlong-text`; at most 40",
        )
    if not _FAMILY.fullmatch(family) or keyword.iskeyword(family) or len(family) > _LONGEST:
        raise UsageError(
            f"`{family}` is no name for a family",
            hint="use one word in small letters, such as `texts`",
        )
    if not (root / _REGISTRY).is_file():
        raise UsageError(
            f"`{root}` is no checkout of assaymark: it has no `{_REGISTRY}`",
            hint="a check outside this project is a package with an entry point in `assaymark.checks`",
        )
    if (root / "src/assaymark/checks" / f"{family}.py").exists():
        raise UsageError(f"the name `{family}` is taken by a module", hint="choose another family")
    if check_id in installed_checks():
        raise UsageError(f"the id `{check_id}` is taken", hint="ids are never used twice")


def _contents(check_id: str, family: str, root: Path) -> dict[str, str]:
    """Return path below the root to text, for every file that is to be written."""
    module, class_name = _module_name(check_id), _class_name(check_id)
    names = {
        "ID": check_id,
        "FAMILY": family,
        "CLASS": class_name,
        "IMPORT": _import(f"assaymark.checks.{family}.{module}", class_name),
        "METRIC": f"{family}.{check_id}-rate",
        "VERSION": ".".join(__version__.split(".")[:2]),
    }
    source = _fill(_template("scaffold_check.py.txt"), names)
    cases = {name: _fill(text, names) for name, text in (("fires", _FIRES), ("quiet", _QUIET))}
    package, tests = f"src/assaymark/checks/{family}", f"tests/checks/{family}"
    contents = {
        f"{package}/{module}.py": source,
        f"{tests}/test_{module}.py": _fill(_template("scaffold_test.py.txt"), names),
        **{f"tests/checks/cases/{check_id}/{name}.yaml": text for name, text in cases.items()},
        page_path(check_id, Path()).as_posix(): render(_load(source, class_name), cases),
        f"{tests}/__init__.py": "",
        f"{package}/__init__.py": f'"""The family `{family}`."""\n',
    }
    for path in (f"{tests}/__init__.py", f"{package}/__init__.py"):
        if (root / path).exists():
            del contents[path]
    old = (root / _REGISTRY).read_text(encoding="utf-8")
    return contents | {_REGISTRY: _entered(old, names)}


def _module_name(check_id: str) -> str:
    return check_id.replace("-", "_")


def _class_name(check_id: str) -> str:
    return "".join(each.capitalize() for each in check_id.split("-"))


def _clashes(check_id: str) -> bool:
    """Return whether the class or module would take a name that has a meaning already."""
    taken = re.findall(r"\w+", _template("scaffold_check.py.txt"))
    return _class_name(check_id) in taken or keyword.iskeyword(_module_name(check_id))


def _template(name: str) -> str:
    return files("assaymark.checks").joinpath(name).read_text(encoding="utf-8")


def _fill(text: str, names: Mapping[str, str]) -> str:
    return re.sub(r"@([A-Z]+)@", lambda match: names[match[1]], text)


def _load(source: str, name: str) -> Any:
    """Return the class that `source` defines, before there is a file to import it from."""
    module = types.ModuleType("assaymark.checks.scaffolded")
    # Dataclasses look their module up while they are made.
    sys.modules[module.__name__] = module
    try:
        exec(compile(source, "<new check>", "exec"), module.__dict__)  # noqa: S102 - our own template
    finally:
        del sys.modules[module.__name__]
    return getattr(module, name)


def _import(module: str, name: str) -> str:
    """Return the import as the formatter writes it."""
    line = f"from {module} import {name}"
    return line if len(line) <= _WIDTH else f"from {module} import (\n    {name},\n)"


def _entered(registry: str, names: Mapping[str, str]) -> str:
    """Return the text of the registry with one import and one entry more."""
    lines = registry.splitlines()
    start = next((index for index, each in enumerate(lines) if each.startswith("BUILTIN:")), None)
    # Imports are sorted, so ours goes before the first that is greater.
    imports = (index for index, each in enumerate(lines) if each.startswith("from assaymark."))
    after = next((index for index in imports if lines[index] > names["IMPORT"]), None)
    if start is None or after is None or ")" not in lines[start:]:
        raise UsageError(
            f"`{_REGISTRY}` does not look as expected",
            hint=f"add `{names['CLASS']}` to it by hand, as the other checks are",
        )
    lines.insert(lines.index(")", start), f"    {names['CLASS']},")
    lines.insert(after, names["IMPORT"])
    return "\n".join(lines) + "\n"


def _write(contents: Mapping[Path, str]) -> None:
    before = {path: path.read_bytes() for path in contents if path.exists()}
    made: list[Path] = []
    try:
        for path, text in contents.items():
            for folder in reversed([path, *path.parents]):
                if folder != path and not folder.exists():
                    folder.mkdir()
                    made.append(folder)
            made.append(path)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        _take_back(made, before)
        raise UsageError(f"`{error.filename}` cannot be written: {error.strerror}") from None


def _take_back(made: list[Path], before: Mapping[Path, bytes]) -> None:
    """Undo `_write`, the last step first."""
    for path in reversed(made):
        if path in before:
            path.write_bytes(before[path])
        elif path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
