"""
Redact or restore files: the same format out, untouched elsewhere, and the target only when it is whole.

* Memory holds one chunk of records, and of Parquet one row group.
* A run that was killed goes on where its last commit ended, and ends with the same bytes.
* The change log is in its place before the target is.

tests/redaction/test_files.py
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from assaymark import __version__
from assaymark.canonical import digest_of
from assaymark.errors import AssaymarkError, InputError, UsageError
from assaymark.inputs.stored import FileDigest, LocalFile
from assaymark.inputs.tree_hash import hash_files, tree_digest
from assaymark.model.subject import Sha256
from assaymark.redaction.change_log import header_line
from assaymark.redaction.run import COMMIT, FileRun, Run, write_from
from assaymark.redaction.workplace import Progress, Workplace


def redact_files(run: Run) -> Progress:
    """Make the target, and return what was counted.

    Raises:
        UsageError: The target or its log exists, lies in the input, is being made by somebody else, or has
            the suffix of another format.
        InputError: The input cannot be read, or something in it cannot be changed; nothing is left.
    """
    _demand_apart(run)
    digests = _digests(run)
    _demand_promised(run, digests)
    place = Workplace(run.target, _binding(run, digests))
    try:
        with place:
            progress = place.progress()
            try:
                if not progress.is_finished:
                    _demand_free(run)
                    _make(run, place, progress, digests)
                if not _is_published(run, place):
                    _publish(run, place)
            except AssaymarkError:
                place.remove()
                raise
            place.remove()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise InputError(f"`{run.target}` cannot be written: {reason}") from None
    return progress


def _demand_apart(run: Run) -> None:
    target = Path(os.path.realpath(run.target))
    source = Path(os.path.realpath(run.files.name))
    if source.is_dir() and target.is_relative_to(source):
        raise UsageError(
            f"the output `{run.target}` lies in the input `{run.files.name}`",
            hint="name a place outside of it",
        )
    if not run.target.absolute().parent.is_dir():
        raise UsageError(f"the folder of `{run.target}` does not exist", hint="make it first")


def _exists(path: Path) -> UsageError:
    return UsageError(
        f"`{path}` exists already", hint="choose another name, or remove the file first"
    )


def _demand_free(run: Run) -> None:
    for path in (run.target, run.log):
        if path is not None and os.path.lexists(path):
            raise _exists(path)


def _digests(run: Run) -> dict[str, FileDigest] | None:
    """Hash the input; `None` where it comes only once."""
    files = run.files.files
    return hash_files(files) if all(isinstance(each, LocalFile) for each in files) else None


def _demand_promised(run: Run, digests: Mapping[str, FileDigest] | None) -> None:
    if run.promised is None:
        return
    if digests is None:
        raise UsageError(
            "with a change log the input has to be a file or a folder of this machine",
            hint="store it first, or leave the log out",
        )
    named = {name: each.sha256 for name, each in digests.items()}
    if run.promised != _whole(run, named):
        raise InputError(
            f"the change log is not that of `{run.files.name}`, or one of them was changed",
            hint="name the log that was written with this file",
        )


def _binding(run: Run, digests: Mapping[str, FileDigest] | None) -> str | None:
    """Return what a journal must speak of."""
    if digests is None or not run.resumes:
        return None
    named = {name: each.sha256 for name, each in digests.items()}
    return digest_of({"input": named, "settings": dict(run.settings), "version": __version__})


def _make(
    run: Run, place: Workplace, progress: Progress, digests: Mapping[str, FileDigest] | None
) -> None:
    done = {each["file"] for each in progress.files}
    with write_from(place.changes, progress.log_size) as log:
        for file in run.files.files:
            # A single file is either at work or all that there is.
            if (Path(file.name).name if run.files.is_single else file.name) not in done:
                known = None if digests is None else digests[file.name]
                FileRun(run, place, progress, log, file, known).make()
        log.flush()
    if run.log is not None:
        _whole_log(run, place, progress)
    progress.is_finished = True
    place.record(progress)
    run.on_step("made")


def _whole_log(run: Run, place: Workplace, now: Progress) -> None:
    header = {
        "tool": f"assaymark {__version__}",
        "input": _digest(run, now, "input"),
        "output": _digest(run, now, "output"),
        "settings": {"sha256": digest_of(dict(run.settings)), **run.settings},
        "records": now.total,
        "changed": now.changed,
        "counts": dict(sorted(now.counts.items())),
        "nulls": dict(sorted(now.nulls.items())),
        "dropped": dict(sorted(now.dropped.items())),
        "withheld": dict(sorted(now.withheld.items())),
        "unread": dict(sorted(now.unread.items())),
        "files": now.files,
    }
    with write_from(place.folder / "log", 0) as log, place.changes.open("rb") as body:
        log.write(header_line(header).encode())
        while data := body.read(COMMIT):
            log.write(data)
        log.flush()
        os.fsync(log.fileno())
    run.on_step("logged")


def _digest(run: Run, now: Progress, side: str) -> str:
    """Return the digest of the one file, or of all of them with their names."""
    named = {each["file"]: each[side] for each in now.files if side in each}
    return _whole(run, named)


def _whole(run: Run, named: Mapping[str, Sha256]) -> str:
    return next(iter(named.values())) if run.files.is_single else tree_digest(named)


def _publish(run: Run, place: Workplace) -> None:
    log = place.folder / "log"
    if run.log is not None and log.is_file():
        log.replace(run.log)
        run.on_step("log published")
    if run.files.is_single:
        try:
            # A link, unlike a rename, fails where the name is taken.
            run.target.hardlink_to(place.out)
        except FileExistsError:
            raise _exists(run.target) from None
    else:
        place.out.mkdir(exist_ok=True)
        place.out.rename(run.target)
    run.on_step("published")


def _is_published(run: Run, place: Workplace) -> bool:
    """Return whether an earlier run was ended between its last two steps."""
    if run.files.is_single:
        return run.target.exists() and run.target.samefile(place.out)
    return run.target.is_dir() and not place.out.exists()
