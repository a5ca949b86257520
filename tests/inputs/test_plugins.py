from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assaymark.contracts.source import Batch, Reach
from assaymark.errors import RegistryError
from assaymark.inputs.identity import identify
from assaymark.inputs.open import open_source
from assaymark.inputs.records import Record, Text, batched
from assaymark.model.subject import Sha256, Subject, SubjectKind

from .said import said

SUBJECT = Subject(kind=SubjectKind.OUTPUTS, name="x", digest=Sha256("0" * 64), files=1, size=1)


class Source:
    """A source as a third party would write it."""

    name = "x"
    kind = SubjectKind.OUTPUTS
    size = None

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.is_read = False

    def batches(self) -> Iterator[Batch]:
        """Give one record."""
        yield from batched("x", [Record(None, [Text("t", "hello")])], batch_rows=10)
        self.is_read = True

    def subject(self) -> Subject:
        """Only after reading."""
        assert self.is_read
        return SUBJECT


def open_third_party(location: str, **options: Any) -> Source:
    """What the entry point names."""
    return Source({"location": location, **options})


not_callable = 5


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Install a distribution that offers sources."""

    def put(*entries: str) -> None:
        folder = tmp_path / "site" / "third_party-1.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party\nVersion: 1\n")
        body = "".join(f"{each}\n" for each in entries)
        (folder / "entry_points.txt").write_text(f"[assaymark.sources]\n{body}")
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        importlib.invalidate_caches()

    return put


def test_a_scheme_opens_its_plugin(install: Any) -> None:
    """With everything that the user asked for."""
    install(f"kafka = {__name__}:open_third_party")

    source: Any = open_source("kafka://topic", kind=SubjectKind.OUTPUTS, field="t", max_ratio=5)

    assert source.options == {
        "location": "kafka://topic",
        "kind": SubjectKind.OUTPUTS,
        "field": "t",
        "reach": Reach.EVERYTHING,
        "format": None,
        "batch_rows": 1000,
        "max_ratio": 5,
        "manifest": None,
    }
    assert sum(batch.rows for batch in source.batches()) == 1


def test_a_plugin_identifies_by_reading(install: Any) -> None:
    """Only it knows how."""
    install(f"kafka = {__name__}:open_third_party")

    assert identify("KAFKA://topic", kind=SubjectKind.OUTPUTS) == SUBJECT


@pytest.mark.parametrize(
    ("entries", "location", "message"),
    [
        (
            ["kafka = no.such.module:x"],
            "kafka://x",
            "the plug-in `kafka` of `assaymark.sources` does not load: ModuleNotFoundError",
        ),
        (
            [f"kafka = {__name__}:not_callable"],
            "kafka://x",
            "the plug-in `kafka` of `assaymark.sources` is not callable",
        ),
        (
            ["https = a:b"],
            "https://x",
            "the scheme `https` of `assaymark.sources` is taken more than once: `a:b`",
        ),
        (
            ["kafka = a:b", "Kafka = c:d"],
            "kafka://x",
            "the scheme `kafka` of `assaymark.sources` is taken more than once: `a:b`, `c:d`",
        ),
    ],
)
def test_a_plugin_that_cannot_be_used_is_an_error(
    install: Any, entries: list[str], location: str, message: str
) -> None:
    """By name, never a warning."""
    install(*entries)

    with pytest.raises(RegistryError) as raised:
        open_source(location, kind=SubjectKind.DATASET)

    assert raised.value.message == message


def test_a_plugin_that_is_not_asked_for_is_not_loaded(install: Any, tmp_path: Path) -> None:
    """A broken one does not stop who reads a file."""
    install("kafka = no.such.module:x")
    (tmp_path / "a.txt").write_text("x\n")

    assert said(tmp_path / "a.txt").rows == 1
