"""Redaction and back: data of every format, the change log, the vault and its key."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from assaymark.errors import InputError, KeyFileError, UsageError
from assaymark.inputs.listing import list_files
from assaymark.inputs.reading import Reading
from assaymark.redaction import run as run_module
from assaymark.redaction.change_log import ChangeLog
from assaymark.redaction.documents import chunk
from assaymark.redaction.files import redact_files
from assaymark.redaction.keys import Secret, new_secret_text, read_secret
from assaymark.redaction.operators import Encrypt, Pseudonymise, Replace
from assaymark.redaction.redactor import Redactor
from assaymark.redaction.restoration import Restoring
from assaymark.redaction.run import Run
from assaymark.redaction.treatment import Redacting, Treatment
from assaymark.redaction.vault import Vault
from assaymark.redaction.vault_spaces import AllSpaces
from fuzz import subjects, workplace
from fuzz.target import Target
from redaction.words import Words

_ENTITIES = ("NUMBER", "PERSON", "EMAIL_ADDRESS")
_SECRET = Secret(bytes(range(32)))
_ORIGINALS = ("Jo Doe", "123456", "a@b.c")
_CARDS = ("4111 1111 1111 1111",)


def _redacting(vault: Vault | None = None) -> Redacting:
    operator = Replace(_ENTITIES) if vault is None else Pseudonymise(vault)
    mode = "replace" if vault is None else "pseudonym"
    redactor = Redactor(detectors={"words": Words()}, operators={}, otherwise=operator)
    return Redacting(redactor=redactor, modes={}, otherwise=mode)


def _run(source: Path, target: Path, treatment: Treatment) -> Path:
    redact_files(
        Run(
            files=list_files(str(source)),
            how=Reading(max_ratio=4.0),
            treatment=treatment,
            target=target,
            log=target.with_name("log"),
            settings={},
        )
    )
    return target


def _redact(ending: str) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        folder = workplace.new_folder()
        try:
            source = workplace.put(folder / f"in.{ending}", data)
            # Commits and chunks after every few records, as in a file of many megabytes.
            with patch.object(run_module, "COMMIT", 200), patch.object(chunk, "CHUNK_RECORDS", 2):
                _run(source, folder / f"out.{ending}", _redacting())
        finally:
            shutil.rmtree(folder)

    return run


def _target(ending: str, reads: tuple[str, ...]) -> Target:
    return Target(
        name=f"redaction.{ending}",
        run=_redact(ending),
        seeds=functools.partial(_seeds, ending),
        refuses=(InputError, UsageError),
        reads=tuple(f"redaction.documents.{each}" for each in reads),
        words=(b"Jo Doe", b"123456", b'"', b"\\", b"\\u004a", b"\r\n", b"\xef\xbb\xbf", b"\0"),
    )


@functools.cache
def _seeds(ending: str) -> tuple[bytes, ...]:
    lines = [
        json.dumps({"text": f"Jo Doe {n}", "n": 1234567 + n, "a": {"Jo Doe": ["a@b.c", None]}})
        for n in range(5)
    ]
    made = {
        "jsonl": ("\n".join(lines).encode(), "\n".join(lines).encode("utf-16")),
        "json": (f"[{','.join(lines)}]".encode(), lines[0].encode()),
        "csv": (b'name,n\r\n"Jo ""Doe""",1234567\r\n"Jo\nDoe",\r\n', b"Jo Doe;1234567\n"),
        "txt": (b"Jo Doe\n\n123456 a@b.c\r\n",),
        "parquet": subjects.parquet_files(),
        "arrow": subjects.arrow_files(),
    }
    return made[ending]


@functools.cache
def _pseudonymised() -> tuple[bytes, bytes, bytes]:
    """A redacted file, its change log and its vault."""
    folder = workplace.new_folder()
    with Vault(folder / "vault", _SECRET) as vault:
        source = workplace.put(folder / "in.jsonl", _seeds("jsonl")[0])
        out = _run(source, folder / "out.jsonl", _redacting(vault))
    return out.read_bytes(), (folder / "log").read_bytes(), (folder / "vault").read_bytes()


def _restore(data: bytes) -> None:
    redacted, _, stored = _pseudonymised()
    folder = workplace.new_folder()
    try:
        source = workplace.put(folder / "in.jsonl", redacted)
        vault_file = workplace.put(folder / "vault", stored)
        written = workplace.put(folder / "written", data)
        with Vault(vault_file, _SECRET) as vault, ChangeLog(written) as log:
            restoring = Restoring(vault=vault, sealed=Encrypt(_SECRET), log=log)
            _run(source, folder / "out.jsonl", restoring)
    finally:
        shutil.rmtree(folder)


def _vault(data: bytes) -> None:
    redacted = _pseudonymised()[0].decode()
    folder = workplace.new_folder()
    try:
        path = workplace.put(folder / "vault", data)
        with (
            suppress(InputError, KeyFileError, UsageError),
            Vault(path, _SECRET, read_only=True) as vault,
        ):
            vault.restore(redacted)
        with (
            suppress(InputError, KeyFileError, UsageError),
            AllSpaces(path, _SECRET, read_only=True) as everything,
        ):
            everything.counts()
        with Vault(path, _SECRET, lives=timedelta(days=1)) as vault:
            vault.issue("PERSON", _ORIGINALS)
            vault.issue("CREDIT_CARD", _CARDS)
            vault.restore(redacted)
            vault.purge()
            vault.erase(_ORIGINALS[0])
            assert vault.expired() == 0
            assert len(vault) >= 0
        with AllSpaces(path, _SECRET) as everything:
            everything.erase(_ORIGINALS[1])
            everything.purge()
            assert all(each.entries for each in everything.counts())
    finally:
        shutil.rmtree(folder)


def _key(data: bytes) -> None:
    path = workplace.put(workplace.folder() / "redaction.key", data)
    read_secret(path)


REDACTING: tuple[Target, ...] = (
    _target("jsonl", ("jsonl:jsonl_chunks", "jsonl:_is_readable", "raw_text:stored")),
    _target("json", ("json_document:json_chunks",)),
    _target("csv", ("delimited:written",)),
    _target("txt", ("plain_text:text_chunks",)),
    _target("parquet", ("parquet:parquet_chunks", "parquet:_opened", "tables:parts_by_group")),
    _target("arrow", ("arrow_ipc:arrow_chunks", "arrow_ipc:_opened", "arrow_ipc:_codec_of")),
    Target(
        name="redaction.log",
        run=_restore,
        seeds=lambda: (_pseudonymised()[1],),
        refuses=(InputError, UsageError),
        reads=("redaction.change_log:_read", "redaction.change_log:__init__"),
        words=(b'"spelling"', b"null", b"1e999", b"-1", b'"dropped": true', b'"headless": true'),
    ),
    Target(
        name="redaction.vault",
        run=_vault,
        seeds=lambda: (_pseudonymised()[2],),
        refuses=(InputError, KeyFileError, UsageError),
        reads=(
            *("redaction.vault_file:open_to_read", "redaction.vault_file:open_to_write"),
            *("redaction.vault:originals", "redaction.vault:_refresh"),
            *("redaction.vault_file:_demand_lock", "redaction.vault_file:rows"),
            *("redaction.vault_file:writing", "redaction.vault_file:forgetting"),
            "redaction.vault_spaces:opened",
        ),
        words=(b"SQLite format 3\0", b"ASYV", b"CREATE TABLE", b"CREATE TRIGGER", b"space_name"),
        weight=1,
    ),
    Target(
        name="redaction.key",
        run=_key,
        seeds=lambda: (new_secret_text().encode(),),
        refuses=(KeyFileError,),
        reads=("redaction.keys:read_secret", "redaction.keys:secret_from"),
        weight=1,
    ),
)
