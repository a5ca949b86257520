"""Lines that many records share. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

from pydantic import BaseModel, Field

from assaymark.checks.quality.record_texts import TextSettings, evened, raw_records, record_place
from assaymark.checks.quality.whole_subject import WholeSubjectCheck
from assaymark.contracts.check import CheckMeta
from assaymark.model.finding import Finding, Severity, finding_at
from assaymark.model.measurement import Counts, NotMeasured, Result, share
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assaymark.contracts.check import DetectionsById
    from assaymark.contracts.source import Batch

_RULE = "boilerplate"
_NO_LINE = -1
_LINE = [("digest", "<u8"), ("row", "<i8"), ("line", "<i8")]


class BoilerplateSettings(TextSettings):
    """What a policy may set."""

    records: Annotated[int, Field(ge=2, le=1_000_000_000)] = Field(
        default=10,
        description="records in which a line stands from which on it is boilerplate",
        json_schema_extra={"stricter": "lower"},
    )
    characters: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=20,
        description="characters that a line needs to be looked at",
        json_schema_extra={"stricter": "lower"},
    )
    most_lines: Annotated[int, Field(ge=1, le=1_000_000_000)] = Field(
        default=10_000_000,
        description="lines that are compared; each takes 24 bytes, and 80 while they are sorted",
    )


@dataclass(slots=True)
class LineTally:
    """Lines of records, as they came."""

    rows: int = 0
    skipped: int = 0
    lines: int = 0

    chunks: list[tuple[str, Any]] | None = field(default_factory=list)
    """File, and an array of its lines; `None` once there were too many."""


class _Hits(NamedTuple):
    """Records with a line that many share, by file and row."""

    files: list[str]
    file: NDArray[Any]
    lines: NDArray[Any]
    first: NDArray[Any]
    """Of each, the index of the first record with that line among all of `lines`; see `all_lines`."""

    all_file: NDArray[Any]
    all_lines: NDArray[Any]


class Boilerplate(WholeSubjectCheck[BoilerplateSettings]):
    """How many records hold a line that many other records hold, too.

    ## Why it matters
    Cookie notices, menus, e-mail footers, licence headers: a line that stands in thousands of records is
    learnt thousands of times and says nothing. It also makes records look alike that are not, and hides
    how little is left of them without it.

    ## Remediation
    Each finding names a record and the first one that has the same line. Remove the line from all of them,
    best where the text is extracted, and audit again.

    ## Known limits
    A line is what stands between line feeds, after white space is evened out, of at least `characters`
    characters; it is boilerplate where at least `records` records of the subject have it, over all files.
    A fixed number, so large subjects have more of it than their parts; 10 is our choice. Case and digits
    count, so "Page 7" is another line than "Page 8". In text of one line a record, whole records are
    compared, as `exact-duplicates` does better. A record that could not be read is unjudged, and so are
    those whose line it could be the last one for. Lines are known by 64 bits of a digest, and always
    compared in all rows, also where others are sampled.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="boilerplate",
        family="quality",
        summary="share of records with a line that many records share",
        version="1",
        added="0.1",
        metrics=(
            Metric(
                name="quality.boilerplate-rate",
                summary="share of records with a line that at least `records` records have",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                rules=(_RULE,),
            ),
        ),
        on=(SubjectKind.DATASET, SubjectKind.OUTPUTS),
    )
    Settings: ClassVar[type[BaseModel]] = BoilerplateSettings

    def start(self) -> LineTally:
        """Return the tally that has seen nothing."""
        return LineTally()

    def update(self, state: LineTally, batch: Batch, detections: DetectionsById) -> LineTally:  # noqa: ARG002 - it reads none
        """Take the lines of `batch`, each once for a record."""
        import numpy as np

        found = [
            (digest, record.row, _NO_LINE if record.line is None else record.line)
            for record in raw_records(batch, self._settings.fields)
            for digest in sorted(
                {
                    _digest(line)
                    for each in record.texts
                    for line in map(evened, each.text.split("\n"))
                    if len(line) >= self._settings.characters
                }
            )
        ]
        chunks = [(batch.file, np.array(found, _LINE))] if found else []
        seen = LineTally(batch.rows, len(batch.skipped), len(found), [*chunks])
        return self.merge(state, seen)

    def merge(self, a: LineTally, b: LineTally) -> LineTally:
        """Return the sum of both tallies. Changes the first."""
        a.rows += b.rows
        a.skipped += b.skipped
        a.lines += b.lines
        if a.chunks is None or b.chunks is None or a.lines > self._settings.most_lines:
            a.chunks = None
        else:
            a.chunks.extend(b.chunks)
        return a

    def finish(self, state: LineTally, *, sampled: bool) -> Iterator[Result]:
        """Yield the share of records with a line that many share."""
        name, (rate,) = self.meta.id, self.meta.metrics
        if state.chunks is None or sampled:
            reason = (
                "the rows are a sample, in which fewer share a line"
                if sampled
                else f"there are more than {self._settings.most_lines:,} lines"
            )
            yield NotMeasured(metric=rate.name, check=name, labels=(), reason=reason)
            return
        hits = len(self._hits(state, self._settings.records).lines)
        # Each record that could not be read may hold every line that the others have.
        possible = max(1, self._settings.records - state.skipped)
        most = len(self._hits(state, possible).lines) if state.skipped else hits
        counts = Counts(
            hits=hits, judged=state.rows - (most - hits), unjudged=state.skipped + most - hits
        )
        yield share(rate.name, name, (), counts, sampled=False)

    def conclude(self, state: LineTally) -> Iterator[Finding]:
        """Yield one finding for each record with such a line, by file and row."""
        hits = self._hits(state, self._settings.records)
        for at, line in enumerate(hits.lines):
            location = _place(hits.files[hits.file[at]], line)
            first = int(hits.first[at])
            other = _place(hits.files[hits.all_file[first]], hits.all_lines[first])
            yield finding_at(
                self.meta.id,
                _RULE,
                location,
                Severity.LOW,
                # The first record with the line is an example itself.
                other=None if other == location else other,
            )

    @staticmethod
    def _hits(state: LineTally, records: int) -> _Hits:
        import numpy as np

        chunks = state.chunks or []
        files = sorted({file for file, _ in chunks})
        index = {file: number for number, file in enumerate(files)}
        lines = np.concatenate([np.zeros(0, _LINE), *(each for _, each in chunks)])
        file = np.repeat(
            np.array([index[name] for name, _ in chunks], np.int64),
            [len(each) for _, each in chunks],
        )
        order = np.lexsort((lines["row"], file, lines["digest"]))
        lines, file = lines[order], file[order]
        starts = np.ones(len(lines), bool)
        starts[1:] = lines["digest"][1:] != lines["digest"][:-1]
        group = np.cumsum(starts) - 1
        sizes = np.bincount(group, minlength=1)
        first = np.flatnonzero(starts)
        shared = np.flatnonzero(sizes[group] >= records)
        # One line for each record: of several, the one of the smallest digest, as they are sorted.
        places = np.stack([file[shared], lines["row"][shared]], axis=1)
        _, kept = np.unique(places, axis=0, return_index=True)
        hits = shared[kept]
        return _Hits(files, file[hits], lines[hits], first[group[hits]], file, lines)


def _digest(line: str) -> int:
    return int.from_bytes(hashlib.blake2b(line.encode(), digest_size=8).digest(), "big")


def _place(file: str, line: Any) -> Any:
    number = int(line["line"])
    return record_place(file, int(line["row"]), None if number == _NO_LINE else number)
