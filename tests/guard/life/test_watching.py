"""Files that change: a good version is taken whole, a bad one changes nothing but what is told."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from assaymark.errors import PolicyError
from assaymark.guard import Guard, Verdict
from assaymark.guard.life.watching import Maker, ShadowMaker, WatchedPolicy
from assaymark.policy.policy import Policy
from guard.conftest import installed

from .policies import BLOCKS, FLAGS, PROMPT, REDACTS, Notes, maker, written


@pytest.fixture
def notes() -> Notes:
    """What was told."""
    return Notes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A policy that redacts."""
    written(tmp_path / "policy.yaml", REDACTS)
    return tmp_path / "policy.yaml"


@pytest.fixture
def watched(path: Path, notes: Notes) -> Any:
    """The policy, watched."""
    made = WatchedPolicy(str(path), maker(), note=notes)
    yield made
    made.retire()


def verdict(watched: WatchedPolicy) -> Verdict:
    """What becomes of a prompt that holds a key."""
    return watched.lease().check(PROMPT).verdict


def test_a_new_version_is_taken(watched: WatchedPolicy, path: Path, notes: Notes) -> None:
    """Requests that come after the look get the new one; the event names both, with the new rules."""
    before = watched.current.policy.digest
    assert verdict(watched) is Verdict.REDACT

    written(path, BLOCKS, version="1.1.0")
    watched.look()

    assert verdict(watched) is Verdict.BLOCK
    ((event, detail),) = notes.told
    assert event == "policy-loaded"
    assert detail["before"] == before
    assert (detail["name"], detail["version"]) == ("bot", "1.1.0")
    assert detail["digest"] == watched.current.policy.digest
    assert detail["guard"]["input"] == [{"detector": "secrets", "do": "block"}]


def test_a_request_ends_under_the_policy_that_it_began_with(
    watched: WatchedPolicy, path: Path
) -> None:
    """The old guard works on as long as somebody holds it, and is closed then."""
    old = watched.current
    lease = watched.lease()
    stream = lease.stream()
    written(path, BLOCKS)
    watched.look()

    assert stream.feed("hello ") + stream.finish() == "hello "
    assert lease.check(PROMPT).verdict is Verdict.REDACT
    assert not old.close_if_over()

    del lease, stream
    watched.look()
    assert old.close_if_over()
    assert old.lease() is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("kind: [", "policy.yaml:1: yaml"),
        ("[]", "policy.yaml:1: wrong-type"),
        (None, "cannot read"),
        (
            "apiVersion: assaymark/v1\nkind: Policy\nAKIA: 1\nrequirments: []\n",
            (
                "policy.yaml:3: unknown-key: unknown key `…`; "
                "policy.yaml:4: unknown-key: unknown key `requirments`"
            ),
        ),
    ],
)
def test_a_bad_version_changes_nothing(
    watched: WatchedPolicy, path: Path, notes: Notes, text: str | None, reason: str
) -> None:
    """The last good one stays, once it is told why, and a good one is taken again."""
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    watched.look()
    watched.look()

    assert verdict(watched) is Verdict.REDACT
    assert watched.fault is not None
    assert notes.names == ["policy-kept"]
    assert notes.told[0][1]["reason"] == watched.fault
    assert notes.told[0][1]["digest"] == watched.current.policy.digest
    if text is not None:
        assert reason in watched.fault
        assert "AKIA" not in watched.fault

    written(path, FLAGS)
    watched.look()

    assert watched.fault is None
    assert verdict(watched) is Verdict.FLAG
    assert notes.names == ["policy-kept", "policy-loaded"]


def test_back_to_what_it_was(watched: WatchedPolicy, path: Path, notes: Notes) -> None:
    """Where the good text is put back, nothing was loaded, and nothing is wrong any more."""
    good = path.read_text()
    path.write_text("kind: [")
    watched.look()
    path.write_text(good)
    watched.look()

    assert watched.fault is None
    assert notes.names == ["policy-kept"]


def test_what_says_the_same_is_not_loaded(watched: WatchedPolicy, path: Path, notes: Notes) -> None:
    """A file that is touched, replaced or commented is the same policy; its guard goes on."""
    guard = watched.current
    path.write_text(path.read_text() + "# a comment\n")
    watched.look()
    os.utime(path, (1, 1))
    watched.look()

    assert watched.current is guard
    assert notes.told == []


def test_parents_are_watched_too(tmp_path: Path, notes: Notes) -> None:
    """A change of a file that the policy extends is a change of the policy."""
    parent = Path(written(tmp_path / "parent.yaml", REDACTS))
    child = tmp_path / "child.yaml"
    child.write_text(
        "apiVersion: assaymark/v1\nkind: Policy\n"
        "metadata: {name: child, version: 1.0.0, owner: o@example.org}\n"
        "extends: [parent.yaml]\n"
    )
    watched = WatchedPolicy(str(child), maker(), note=notes)
    assert verdict(watched) is Verdict.REDACT

    written(parent, BLOCKS)
    watched.look()

    assert verdict(watched) is Verdict.BLOCK
    assert notes.names == ["policy-loaded"]
    watched.retire()


def test_a_link_that_moves(tmp_path: Path, notes: Notes) -> None:
    """As Kubernetes updates mounted files: the folder behind a link is another one."""
    for name, section in (("one", REDACTS), ("two", BLOCKS)):
        (tmp_path / name).mkdir()
        written(tmp_path / name / "policy.yaml", section)
    link = tmp_path / "now"
    link.symlink_to("one")
    watched = WatchedPolicy(str(link / "policy.yaml"), maker(), note=notes)

    other = tmp_path / "next"
    other.symlink_to("two")
    other.rename(link)
    watched.look()

    assert verdict(watched) is Verdict.BLOCK
    watched.retire()


def test_a_missing_parent_is_noticed_when_it_comes(
    watched: WatchedPolicy, path: Path, tmp_path: Path
) -> None:
    """A version that was bad is tried again from time to time, though its own file does not change."""
    path.write_text(
        path.read_text().replace("requirements:", "extends: [late.yaml]\nrequirements:")
    )
    watched.look()
    assert watched.fault is not None
    assert watched.fault.startswith("policy.yaml:4: unknown-parent: ")

    written(tmp_path / "late.yaml", BLOCKS)
    for _ in range(15):
        watched.look()

    assert watched.fault is None
    assert verdict(watched) is Verdict.BLOCK


class Fragile(Maker):
    """Makes guards until it is told to fail."""

    error: Exception | None = None

    def guard(self, policy: Policy) -> Guard:
        """Start a guard, or fail."""
        if self.error is not None:
            raise self.error
        return super().guard(policy)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PolicyError("the vault is not there"), "the vault is not there"),
        (RuntimeError("secret text"), "a detector raised RuntimeError"),
    ],
)
def test_a_guard_that_does_not_start(path: Path, error: Exception, reason: str) -> None:
    """A version counts only with a guard that runs; what a library raised is not quoted."""
    notes, fragile = Notes(), Fragile(installed())
    watched = WatchedPolicy(str(path), fragile, note=notes)
    fragile.error = error
    written(path, BLOCKS)
    watched.look()

    assert watched.fault == reason
    assert verdict(watched) is Verdict.REDACT

    fragile.error = None
    assert watched.reload()
    assert verdict(watched) is Verdict.BLOCK
    watched.retire()


def test_there_is_no_start_without_a_good_version(tmp_path: Path) -> None:
    """A server does not begin with a policy that cannot be used."""
    (tmp_path / "policy.yaml").write_text("kind: [")

    with pytest.raises(PolicyError):
        WatchedPolicy(str(tmp_path / "policy.yaml"), maker())


def test_packs_do_not_change() -> None:
    """A policy of this package has no files to look at."""
    with pytest.raises(PolicyError, match="says nothing about run time"):
        WatchedPolicy("pack:baseline", maker())


def test_shadows_need_no_key(tmp_path: Path) -> None:
    """A policy that makes pseudonyms decides the same without a key, and leaves no vault behind."""
    location = written(
        tmp_path / "policy.yaml",
        "input: [{detector: pii, do: redact, with: pseudonym}]",
    )
    shadow = WatchedPolicy(location, ShadowMaker(installed()))
    mail = [{"role": "user", "content": "Write to john@example.com."}]

    checked = shadow.lease().check(mail)

    assert checked.verdict is Verdict.REDACT
    assert checked.policy == shadow.current.policy.digest
    shadow.retire()


def test_reloading_under_load(watched: WatchedPolicy, path: Path) -> None:
    """Whoever asks while versions come and go is judged by one of them, whole, and never by none."""
    over, wrong = threading.Event(), []

    def client() -> None:
        while not over.is_set():
            checked = watched.lease().check(PROMPT)
            if checked.unjudged or checked.verdict not in (Verdict.REDACT, Verdict.BLOCK):
                wrong.append(checked.to_plain())

    clients = [threading.Thread(target=client) for _ in range(4)]
    for each in clients:
        each.start()
    for turn in range(12):
        written(path, (BLOCKS, REDACTS)[turn % 2], version=f"1.0.{turn}")
        watched.look()
    over.set()
    for each in clients:
        each.join()

    assert wrong == []
    watched.look()
    assert watched._retired == []
