"""Rules about the code as a whole; see `CONTRIBUTING.md`."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent.parent / "src" / "assaymark"
FILES = sorted(SOURCE.rglob("*.py"))

HEAVY = frozenset(
    {
        "cryptography", "detoxify", "fsspec", "httpcore", "httpx", "jinja2", "license_expression", "numpy",
        "onnxruntime", "presidio_analyzer", "pyarrow", "rfc3161_client", "rich", "spacy", "sqlite3",
        "tokenizers", "torch", "transformers",
    }
)  # fmt: skip
"""What takes long to import, and serves only some commands."""

FENCES = {
    "yaml": ("marked_yaml.py",),
    "cryptography": ("attest/", "redaction/"),
    "click": ("cli/",),
    "rich": ("cli/",),
    "jinja2": ("report/",),
    "presidio_analyzer": ("detectors/pii/",),
    "torch": ("detectors/harm/", "inputs/targets/local_model.py"),
    "transformers": ("detectors/harm/", "detectors/pii/nlp/", "inputs/targets/local_model.py"),
    "gliner": ("detectors/pii/nlp/",),
    "huggingface_hub": ("detectors/pii/nlp/", "inputs/"),
    "httpcore": (
        "inputs/targets/connection.py",
        "guard/proxy/connections.py",
        "guard/proxy/line.py",
        "guard/proxy/streams.py",
        "guard/proxy/tunnel.py",
    ),
    "h11": ("inputs/targets/exchange.py",),
    "httptools": ("guard/proxy/patience.py", "guard/proxy/line.py"),
    "uvicorn": ("guard/proxy/server.py", "guard/proxy/patience.py"),
    "detoxify": ("detectors/harm/",),
    "onnxruntime": ("detectors/onnx_runtime.py",),
    "tokenizers": ("detectors/embedded/", "checks/quality/token_length.py"),
    "sqlite3": ("engine/cache.py", "engine/probing/answer_store.py", "redaction/vault"),
    "rfc8785": ("canonical.py",),
    "fsspec": ("inputs/",),
    "rfc3161_client": ("attest/timestamp.py",),
    "langchain": ("integrations/langchain_agent.py",),
    "langchain_core": ("integrations/langchain",),
    "litellm": ("integrations/litellm",),
}
"""Library to the only places that import it."""

SOFT, HARD = 300, 400  # lines
LONG = {
    "attest/report.py": "one predicate, read in the order of its fields",
    "attest/statement.py": "the statement and what is projected from it stay beside each other",
    "attest/tlog/directory.py": "the steps of one write, in the order in which they reach the disk",
    "detectors/characters.py": "half of it is the table of characters",
    "gate/gate.py": "the steps of an admission are read in one go",
    "policy/diagnostics.py": "what a mistake is and how it is shown stay beside each other",
    "policy/schema.py": "follows the language section by section",
    "policy/self_test.py": "from supposed evidence to the report of one test run",
    "policy/self_test_notation.py": "one notation, with its errors",
    "policy/settings.py": "validation and inheritance of settings share their marks",
    "policy/validation.py": "follows the language section by section",
    "report/oscal.py": "follows the schema of OSCAL object by object",
}
"""File of more than `SOFT` lines to the reason why it is one."""

VAGUE = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "misc", "base"})


def name_of(path: Path) -> str:
    """The path as this file writes it."""
    return path.relative_to(SOURCE).as_posix()


def imports_of(path: Path) -> Iterator[str]:
    """Top-level packages that a file imports anywhere."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name.split(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def test_dependencies_point_down(repository: Path) -> None:
    """The layers of pyproject.toml are kept; import-linter says where they are not."""
    tool = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(
        [tool, "--no-cache"], cwd=repository, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("library", FENCES)
def test_a_library_is_imported_in_one_place(library: str) -> None:
    """So that it can be replaced, and so that what it touches can be reviewed."""
    users = [name_of(path) for path in FILES if library in imports_of(path)]

    assert [each for each in users if not each.startswith(FENCES[library])] == []


@pytest.mark.parametrize(
    "module",
    [
        "assaymark",
        "assaymark.engine.catalog",
        "assaymark.policy.load",
        "assaymark.policy.decide",
        "assaymark.cli.main",
    ],
)
def test_start_up_loads_nothing_heavy(module: str) -> None:
    """Declarations, policies and `--help` need none of the libraries that do the work."""
    code = f"import sys, {module}; print(*sys.modules, sep='\\n')"
    # Coverage in the child would load libraries of its own.
    environment = {key: each for key, each in os.environ.items() if "COV" not in key}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )

    loaded = {each.split(".")[0] for each in result.stdout.split()}
    assert loaded & HEAVY == set()
    assert "assaymark" in loaded


def test_files_stay_short() -> None:
    """At most 300 lines, or 400 with a reason in `LONG`."""
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in FILES}
    long = {name for name, lines in lengths.items() if lines > SOFT}

    assert {name: lines for name, lines in lengths.items() if lines > HARD} == {}
    assert long - set(LONG) == set()


def test_names_say_something() -> None:
    """No module or class is called by a word that fits everything."""
    modules = {name_of(path) for path in FILES if path.stem in VAGUE}
    classes = {
        f"{name_of(path)}: {node.name}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        and node.name.lower().endswith(("manager", "helper", "utils", "util"))
    }

    assert modules | classes == set()


def test_errors_are_called_errors() -> None:
    """Exceptions end in `Error`, so that `except` reads well."""
    named = {
        f"{name_of(path)}: {node.name}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id.endswith("Error") for base in node.bases)
        and not node.name.endswith("Error")
    }

    assert named == set()


def _undocumented(node: ast.AST, inside: str) -> Iterator[str]:
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{inside}{each.name}"
            if each.name.startswith("_"):
                continue
            if ast.get_docstring(each) is None:
                yield name
            if isinstance(each, ast.ClassDef):
                yield from _undocumented(each, f"{name}.")


def test_everything_public_is_documented() -> None:
    """Every module, public class and public function says what it is."""
    missing = []
    for path in FILES:
        tree = ast.parse(path.read_text())
        if ast.get_docstring(tree) is None:
            missing.append(name_of(path))
        missing += [f"{name_of(path)}: {each}" for each in _undocumented(tree, "")]

    assert missing == []


def test_nothing_is_left_undone() -> None:
    """No placeholder: what is in the tree works."""
    marks = ("TODO", "FIXME", "XXX:", "raise " + "NotImplementedError")
    found = {
        f"{name_of(path)}: {mark}" for path in FILES for mark in marks if mark in path.read_text()
    }

    assert found == set()


def test_nothing_is_swallowed() -> None:
    """A broad `except` does something: no failure passes in silence."""
    silent = {
        f"{name_of(path)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in _BROAD))
        and all(isinstance(each, ast.Pass) for each in node.body)
    }

    assert silent == set()


_BROAD = ("Exception", "BaseException")


def test_the_model_needs_the_standard_library_only() -> None:
    """A verifier that replays a decision must not depend on what else is installed."""
    outside = {
        f"{name_of(path)}: {library}"
        for path in (SOURCE / "model").glob("*.py")
        for library in imports_of(path)
        if library not in sys.stdlib_module_names and library != "assaymark"
    }

    assert outside == set()
