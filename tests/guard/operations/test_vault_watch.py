"""The vault of a server: unusable, it is an error at the start, and told while others are served."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assaymark.errors import InputError
from assaymark.guard import Session
from assaymark.guard.operations.vault_watch import VaultPlace, VaultWatch
from assaymark.guard.sessions import Sessions
from assaymark.redaction.keys import Secret
from assaymark.redaction.vault import Vault
from attest.tlog.conftest import scratch
from cli.conftest import run
from guard.life.policies import Notes, written

from .conftest import Start, folder, start, upstream

if TYPE_CHECKING:
    import httpx

__all__ = ["folder", "run", "scratch", "start", "upstream"]

SECRET, OTHER = Secret(bytes(range(32))), Secret(bytes(32))
PSEUDONYMS = "input: [{detector: pii-patterns, do: redact, with: pseudonym}]"
SERVE_VAULT = """\
apiVersion: assaymark/v1
kind: Serve
policy: policy.yaml
pseudonyms: {key: redaction.key, vault: vault.sqlite}
"""
TEXT = "Call 212-555-0187."


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a vault is."""
    path = tmp_path / "vault"
    Vault(path, SECRET).close()
    return path


@pytest.fixture
def watched(path: Path) -> tuple[VaultWatch, Notes]:
    """What looks at it, and what it told."""
    notes = Notes()
    return VaultWatch(VaultPlace(path=path, secret=SECRET), notes), notes


def test_what_can_be_used_is_said_once(watched: tuple[VaultWatch, Notes], path: Path) -> None:
    """An event when it ends, one when it is over, and between them a condition and an alarm."""
    watch, notes = watched
    kept = path.read_bytes()
    watch.look()
    before = list(watch.conditions())
    path.write_bytes(b"garbage\n")
    watch.look()
    watch.look()
    (during,), (alarm,) = watch.conditions(), watch.alarms(None)  # type: ignore[arg-type]
    path.write_bytes(kept)
    watch.look()

    assert [each.is_ok for each in before] == [True]
    assert (during.name, during.is_ok, during.is_needed) == ("vault", False, True)
    assert during.words == alarm.summary == f"`{path}` is no vault"
    assert (alarm.name, alarm.severity.value) == ("vault-unusable", "critical")
    assert notes.told == [
        ("vault-unusable", {"reason": f"`{path}` is no vault"}),
        ("vault-usable", {}),
    ]
    assert watch.fault is None
    assert list(watch.alarms(None)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("damage", ["gone", "key", "middle"])
def test_what_cannot_be_used(damage: str, watched: tuple[VaultWatch, Notes], path: Path) -> None:
    """A file that is gone, one of another key, and one whose first page is damaged."""
    watch, _ = watched
    if damage == "middle":
        with path.open("r+b") as file:
            file.seek(100)
            file.write(b"\xff" * 3000)
    else:
        path.unlink()
    if damage == "key":
        Vault(path, OTHER).close()
    watch.look()

    assert str(path) in (watch.fault or "")


def test_asking_makes_nothing(tmp_path: Path) -> None:
    """Where there is no vault yet, a place for one is enough; a folder that is not there is none."""
    VaultPlace(path=tmp_path / "new", secret=SECRET).demand()

    with pytest.raises(InputError) as refused:
        VaultPlace(path=tmp_path / "no" / "new", secret=SECRET).demand()

    assert list(tmp_path.iterdir()) == []
    assert refused.value.message == (
        f"the vault `{tmp_path}/no/new` cannot be used: its folder does not exist"
    )


@pytest.mark.parametrize("which", ["file", "folder"])
def test_what_cannot_be_written_to(which: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither file nor folder: SQLite writes beside it. Whoever runs the tests may write everywhere."""
    closed = path if which == "file" else path.parent
    monkeypatch.setattr(
        os, "access", lambda each, mode, **_: Path(each) != closed or mode == os.R_OK
    )

    with pytest.raises(InputError) as refused:
        VaultPlace(path=path, secret=SECRET).demand()

    assert refused.value.message == (
        f"the vault `{path}` cannot be used: `{closed}` cannot be written to"
    )


def test_a_vault_that_is_gone_is_not_made_anew(path: Path) -> None:
    """What it held would seem never to have been; one that is put in its place is opened."""
    sessions = Sessions(path, SECRET)
    sessions.vault(Session("acme", "one")).issue("PERSON", ["Jo Canary"])
    path.unlink()
    for session in (Session("acme", "one"), Session("acme", "two")):
        with pytest.raises(InputError) as refused:
            sessions.vault(session)
    is_made = path.exists()
    for each in path.parent.iterdir():
        each.unlink()
    Vault(path, SECRET).close()
    (issued,) = sessions.vault(Session("acme", "one")).issue("PERSON", ["Jo Canary"])
    sessions.close()

    assert refused.value.message == f"the vault `{path}` is gone"
    assert not is_made
    with Vault(path, SECRET, space=Session("acme", "one").space) as again:
        assert again.originals([issued]) == {issued: "Jo Canary"}


def test_another_file_is_no_mistake_of_whoever_asks(path: Path) -> None:
    """They have named no file: it is the same error as for one that is damaged."""
    path.write_bytes(b"garbage\n")

    with pytest.raises(InputError) as refused:
        Sessions(path, SECRET).vault(Session("acme", "one"))

    assert refused.value.message == f"`{path}` is no vault"


@pytest.mark.parametrize("content", [b"garbage\n", None])
def test_nothing_is_served_with_a_vault_that_cannot_be_opened(
    folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    """Neither with `--check` nor without, and the file stays as it is."""
    monkeypatch.chdir(folder)
    vault = settings(folder, run)
    if content is None:
        Vault(vault, OTHER).close()
    else:
        vault.write_bytes(content)
    before = vault.read_bytes()
    (folder / "serve.yaml").write_text(SERVE_VAULT + "upstreams: [{url: 'http://127.0.0.1:1/v1'}]")

    results = [run("guard", "serve", "serve.yaml", *more) for more in (("--check",), ())]

    told = {
        None: "the vault `vault.sqlite` was made with another key",
        b"garbage\n": "`vault.sqlite` is no vault",
    }
    assert [(each.status, each.out) for each in results] == [(2, "")] * 2
    for each in results:
        assert each.err.startswith(f"error: {told[content]}\nhint: ")
    assert vault.read_bytes() == before


def settings(folder: Path, run: Any) -> Path:
    """A policy with pseudonyms, and a key for them; where the vault will be."""
    run("vault", "key", "-o", "redaction.key")
    written(folder / "policy.yaml", PSEUDONYMS)
    return folder / "vault.sqlite"


def test_a_server_whose_vault_goes(
    start: Start, folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not ready, says so in the log, and tells no client that what was not judged is allowed."""
    monkeypatch.chdir(folder)
    vault = settings(folder, run)
    server = start("pseudonyms: {key: redaction.key, vault: vault.sqlite}\n")
    fine = server.ask(TEXT, **{"assaymark-session": "one"})
    was_ready = server.get("/readyz")
    vault.unlink()
    after = _until(server, 503)
    refused = server.ask(TEXT, **{"assaymark-session": "two"})

    assert (fine.status_code, was_ready.status_code) == (200, 200)
    assert (after.status_code, after.json()["failing"]) == (503, ["vault"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "guard_unavailable")
    assert "assaymark-request" not in refused.headers
    assert "assaymark-response" not in refused.headers
    assert not vault.exists()


def _until(server: Any, status: int) -> httpx.Response:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found: httpx.Response = server.get("/readyz")
        if found.status_code == status:
            break
        time.sleep(0.05)
    return found
