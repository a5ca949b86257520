"""
One run, and its work on one file: chunk by chunk, with commits from which it can go on.

tests/redaction/test_files.py
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from assaymark.inputs.documents import Role, role_of
from assaymark.inputs.formats import TEXT, format_of_name
from assaymark.inputs.listing import FileSet
from assaymark.inputs.reading import Opened, Reading, opened
from assaymark.inputs.records import Record
from assaymark.inputs.stored import FileDigest, LocalFile, StoredFile, changed, digest_of_file
from assaymark.redaction.change_log import lines_of_record
from assaymark.redaction.documents.chunk import NULL, Chunk, Place
from assaymark.redaction.documents.formats import Document, document_of
from assaymark.redaction.packing import packed
from assaymark.redaction.target_name import demand_fitting
from assaymark.redaction.treatment import Treatment
from assaymark.redaction.workplace import Progress, Workplace

COMMIT = 4 * 1024 * 1024
"""Bytes between two commits. Part of what a packed file looks like, so never a matter of time."""

UNKNOWN = "unknown format"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run reads, does and makes."""

    files: FileSet
    how: Reading
    treatment: Treatment
    target: Path
    log: Path | None
    """Where the change log goes, if there is to be one."""

    settings: Mapping[str, Any]
    """Everything that can change the result, without a key or a value. Goes into the log."""

    keeps_unread: bool = False
    resumes: bool = True
    """Whether a run that was ended may be gone on with."""

    promised: str | None = None
    """The digest that the input must have, if it was promised one."""

    on_progress: Callable[[Progress], object] = lambda _: None
    on_step: Callable[[str], object] = lambda _: None
    """Told after each step that reaches the disc; for tests, which end the process there."""


@dataclass(slots=True)
class FileRun:
    """One file on its way."""

    run: Run
    place: Workplace
    progress: Progress
    log: BinaryIO
    file: StoredFile
    known: FileDigest | None
    """What it was when the run began; `None` where it comes only once."""

    pending: bytearray = field(default_factory=bytearray)
    pending_log: bytearray = field(default_factory=bytearray)

    def make(self) -> None:
        """Write the file and count it, from where the journal says."""
        if self.progress.file != self.file.name:
            now = self.progress
            now.file, now.chunks, now.records, now.kept, now.size = self.file.name, 0, 0, 0, 0
            now.is_headless = False
        how = self._how()
        if how is None:
            self._pass_over()
            return
        found: list[FileDigest] = []
        with opened(self.file, how, found.append) as document:
            if self.run.files.is_single and document.format is not None:
                form, packing = document.format, document.packing
                demand_fitting(self.run.target, self.file.name, form, packing)
            self._write(document)
        self._finish(found[0], document)

    def _how(self) -> Reading | None:
        """Return how the file is read, or `None` where its format is not known."""
        how, name = self.run.how, self.file.name
        if self.run.files.is_single or how.format is not None:
            return how
        role = role_of(name)
        if role is Role.UNKNOWN:
            return None
        # A document about the data may name people as well, so it is read as text.
        if role is not Role.DATA and format_of_name(name) is None:
            return Reading(selection=how.selection, format=TEXT, max_ratio=how.max_ratio)
        return how

    @property
    def label(self) -> str:
        """How the change log calls the file; a single one needs no name."""
        return "" if self.run.files.is_single else self.file.name

    @property
    def path(self) -> Path:
        """Where the file is made."""
        run = self.run
        return self.place.out if run.files.is_single else self.place.out / self.file.name

    def _pass_over(self) -> None:
        """Leave a file out that nobody can judge, or take it over as it is where that was asked for."""
        self.progress.withheld[UNKNOWN] = self.progress.withheld.get(UNKNOWN, 0) + 1
        if not self.run.keeps_unread:
            self._finish(digest_of_file(self.file), None)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with write_from(self.path, 0) as out:
            digest = digest_of_file(self.file, on_chunk=out.write)
        self._finish(digest, None)

    def _write(self, document: Opened) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if document.format is None:
            with write_from(self.path, 0) as out:
                out.write(packed(b"", document.packing))
            return
        form = document_of(
            document.format, reads_header=self.run.treatment.reads_header(self.label)
        )
        whole = form.assemble is None
        with write_from(self.path if whole else self.place.parts, self.progress.size) as out:
            self._write_chunks(document, form, out, whole=whole)
            if form.assemble is not None:
                self._assemble(document, form, out)

    def _write_chunks(
        self, document: Opened, form: Document, out: BinaryIO, *, whole: bool
    ) -> None:
        packing = document.packing if whole else None
        skipped = self.progress.chunks
        chunks = form.chunks(document.stream, self.file.name, self.run.how.selection)
        for number, chunk in enumerate(chunks):
            if number < skipped:
                continue
            self._chunk(chunk, keeps_places=form.keeps_places)
            if len(self.pending) >= COMMIT:
                out.write(packed(bytes(self.pending), packing))
                self._commit(out)
        if self.pending or not self.progress.size:
            out.write(packed(bytes(self.pending), packing))
        self._commit(out)

    def _chunk(self, chunk: Chunk, *, keeps_places: bool) -> None:
        now, records = self.progress, chunk.records
        treated = self.run.treatment.treat(self.label, now.records, records)
        written = chunk.written([each.outcome for each in treated], is_first=not now.kept)
        self.pending += written.data
        rows = zip(records, treated, written.spellings, strict=True)
        for row, (met, each, spellings) in enumerate(rows, start=now.records):
            is_gone = each.outcome.is_dropped and not keeps_places
            lines = lines_of_record(self.label, row, met, each, spellings, is_gone=is_gone)
            self.pending_log += "".join(lines).encode()
            now.changed += bool(each.outcome.edits or each.entities)
            now.kept += not each.outcome.is_dropped
            for logged in each.changes:
                entity = logged.change.entity
                now.counts[entity] = now.counts.get(entity, 0) + 1
                if spellings.get(Place(logged.text, logged.change.start)) == NULL:
                    now.nulls[entity] = now.nulls.get(entity, 0) + 1
            for entity in each.entities:
                now.dropped[entity] = now.dropped.get(entity, 0) + 1
            for name in met.unread if isinstance(met, Record) else ():
                now.unread[name] = now.unread.get(name, 0) + 1
            for reason in each.withheld.values():
                now.withheld[reason] = now.withheld.get(reason, 0) + 1
        now.is_headless |= chunk.is_headless
        now.records += len(records)
        now.total += len(records)
        now.chunks += 1
        self.run.on_progress(now)

    def _commit(self, out: BinaryIO) -> None:
        self.log.write(self.pending_log)
        self.pending.clear()
        self.pending_log.clear()
        for stream in (out, self.log):
            stream.flush()
            os.fsync(stream.fileno())
        self.run.on_step("written")
        self.progress.size, self.progress.log_size = out.tell(), self.log.tell()
        self.place.record(self.progress)
        self.run.on_step("committed")

    def _assemble(self, document: Opened, form: Document, parts: BinaryIO) -> None:
        assert form.assemble is not None  # noqa: S101 - the caller looked
        parts.seek(0)
        document.stream.seek(0)
        with write_from(self.path, 0) as out:
            form.assemble(document.stream, parts, out, self.file.name)
        if document.packing is not None:
            _pack(self.path, document)
        self.run.on_step("assembled")

    def _finish(self, digest: FileDigest, document: Opened | None) -> None:
        if self.known is not None and self.known != digest:
            raise changed(self.file.name)
        now = self.progress
        entry: dict[str, Any] = {
            "file": self.label or Path(self.file.name).name,
            "input": digest.sha256,
        }
        if self.path.is_file():
            made = digest_of_file(LocalFile(self.file.name, self.path, self.path.stat().st_size))
            entry["output"] = made.sha256
        if document is None:
            entry["withheld"] = None if self.path.is_file() else UNKNOWN
        else:
            entry |= {"records": now.records, "dropped": now.records - now.kept}
            if now.is_headless:
                entry["headless"] = True
        now.files.append(entry)
        now.file = None
        self.place.record(now)
        self.run.on_step("finished")


def _pack(path: Path, document: Opened) -> None:
    """Pack a file whose format is written with jumps."""
    draft = path.with_name(f"{path.name}.packed")
    with path.open("rb") as plain, write_from(draft, 0) as out:
        while data := plain.read(COMMIT):
            out.write(packed(data, document.packing))
    draft.replace(path)


def write_from(path: Path, size: int) -> BinaryIO:
    """Open a file to write on at `size`; what follows is cut off."""
    stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+b")
    stream.truncate(size)
    stream.seek(size)
    return stream
