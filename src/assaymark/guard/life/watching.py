"""
A policy's files, and the last version of it that was good.

* Files are compared by what they hold, so a file that is touched, replaced or reached over another link is
  read anew only where it says something else.
* A version is taken whole, with a guard that has started, or not at all. What cannot be taken changes
  nothing but what is told: in events, in numbers, and to whoever asks how things are.

tests/guard/life/test_watching.py
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from assaymark.attest.tlog.durable import read_file
from assaymark.errors import AssaymarkError, InputError, PolicyError
from assaymark.guard.answers import AnswerMemory
from assaymark.guard.building import naming
from assaymark.guard.decisions.recorder import Clock, utc_now
from assaymark.guard.guard import Guard
from assaymark.guard.life.collecting import Collected, CollectingGuard
from assaymark.guard.life.leases import Loaded
from assaymark.marked_yaml import MAX_BYTES
from assaymark.policy.diagnostics import InvalidPolicyError
from assaymark.policy.load import load_policy
from assaymark.policy.packs import PREFIX

if TYPE_CHECKING:
    from assaymark.contracts.catalog import Catalog
    from assaymark.policy.policy import Policy

_TRY_AGAIN = 15
"""Looks after which a version that was bad is tried again: a parent may be there by now."""

_LONGEST_REASON = 400  # characters

_QUOTED = re.compile("`([^`]*)`")
_NAME = re.compile("[a-z][a-z_.-]{0,40}")
"""A word of a message that may be told everywhere: a name of the policy language, or a slip in one."""


class Note(Protocol):
    """Takes events."""

    def __call__(self, event: str, detail: Mapping[str, Any]) -> None:
        """Take what happened, and its names and numbers."""


class Maker:
    """Makes policies and guards.

    Args:
        catalog: What is installed.
        pinned: Digests of the policies that may be used; `None` for any.
        options: Of `Guard`, such as `secret` and `vault`.
    """

    def __init__(
        self, catalog: Catalog, *, pinned: frozenset[str] | None = None, **options: Any
    ) -> None:
        self.catalog = catalog
        self._pinned = pinned
        # One memory for all: it knows answers by the digest of the policy.
        self._options = {"memory": AnswerMemory(), **options}

    def policy(self, location: str) -> Policy:
        """Load a policy.

        Raises:
            PolicyError: It cannot be used, or it is not one of the pinned ones.
        """
        policy = load_policy(location, self.catalog)
        if self._pinned is not None and policy.digest not in self._pinned:
            raise PolicyError(
                f"no report was admitted for this version, sha256:{policy.digest}",
                hint="audit under it, and start again with that report",
            )
        return policy

    def guard(self, policy: Policy) -> Guard:
        """Start a guard.

        Raises:
            AssaymarkError: It cannot start.
        """
        return Guard(policy, self.catalog, **self._options)


class ShadowMaker(Maker):
    """Makes guards that never act, so they need no key, and leave nothing in a vault."""

    def guard(self, policy: Policy) -> Guard:
        """Start a guard that decides as the policy does, and replaces in the plainest way."""
        section = {
            key: [_without_operator(rule) for rule in value] if isinstance(value, list) else value
            for key, value in policy.guard.items()
        }
        return super().guard(replace(policy, guard=section))


class WatchedPolicy:
    """One policy, as it is now.

    Args:
        location: A path or `pack:NAME`.
        maker: Makes guards.
        note: Takes events.
        now: The clock for events.

    Raises:
        AssaymarkError: There is no good version to begin with.
    """

    def __init__(
        self,
        location: str,
        maker: Maker,
        *,
        note: Note = lambda event, detail: None,  # noqa: ARG005 - takes and does nothing
        now: Clock = utc_now,
    ) -> None:
        self.location = location
        self._maker, self._note, self._now = maker, note, now
        self._turn = threading.Lock()
        self._retired: list[Loaded] = []
        self._rejected: bytes | None = None
        self._looks = 0
        policy = maker.policy(location)
        self._names, self._seen = self._files(policy)
        with naming(location):
            self.current = Loaded(policy, maker.guard(policy))
        self.since: datetime = now()
        self.fault: str | None = None
        """Why the version that lies there is not in use; `None` where it is."""

    def lease(self, collected: Collected | None = None) -> CollectingGuard:
        """Return the guard in use, for one request."""
        while True:
            view = self.current.lease(collected)
            if view is not None:
                return view

    def look(self) -> None:
        """Take a new version, if there is one and it is good."""
        with self._turn:
            self._retired = [each for each in self._retired if not each.close_if_over()]
            found = self._fingerprint()
            self._looks += 1
            is_due = self._looks % _TRY_AGAIN == 0
            if found == self._seen and self.fault is None:
                return
            if found == self._rejected and not is_due:
                return
            self._take(found)

    def reload(self) -> bool:
        """Read the policy now, changed or not; return whether what lies there is in use."""
        with self._turn:
            self._rejected = None
            self._take(self._fingerprint())
            return self.fault is None

    def retire(self) -> None:
        """Close the guard when no request holds it any more."""
        self.current.retire()

    def _take(self, found: bytes) -> None:
        try:
            policy = self._maker.policy(self.location)
            if policy.digest != self.current.policy.digest:
                self._replace(policy)
        except AssaymarkError as error:
            self._keep(found, _reason(error))
            return
        except Exception as error:  # noqa: BLE001 - a detector's own code; whatever it is, the old guard stays
            self._keep(found, f"a detector raised {type(error).__name__}")
            return
        self._names, self._seen = self._files(policy)
        self._rejected, self.fault = None, None

    def _replace(self, policy: Policy) -> None:
        guard = self._maker.guard(policy)
        before, self.current = self.current, Loaded(policy, guard)
        self.since = self._now()
        before.retire()
        self._retired.append(before)
        self._note("policy-loaded", {**told(policy), "before": before.policy.digest})

    def _keep(self, found: bytes, reason: str) -> None:
        is_news = found != self._rejected or reason != self.fault
        self._rejected, self.fault = found, reason
        if is_news:
            self._note(
                "policy-kept",
                {**names_of(self.current.policy), "location": self.location, "reason": reason},
            )

    def _files(self, policy: Policy) -> tuple[tuple[str, ...], bytes]:
        """Return the files of a policy, and the fingerprint of what was read, not of what is there by now."""
        files = [each for each in policy.files if not each.name.startswith(PREFIX)]
        digests = [(each.name, bytes.fromhex(each.digest)) for each in files]
        return tuple(each.name for each in files), _fingerprint(digests)

    def _fingerprint(self) -> bytes:
        return _fingerprint((each, self._digest(each)) for each in self._names)

    def _digest(self, name: str) -> bytes:
        try:
            data = read_file(Path(self.location).parent / name, limit=MAX_BYTES)
        except InputError:
            data = None
        return b"" if data is None else hashlib.sha256(data).digest()


def _fingerprint(files: Iterable[tuple[str, bytes]]) -> bytes:
    whole = hashlib.sha256()
    for name, digest in files:
        whole.update(name.encode("utf-8", "surrogateescape") + b"\0" + digest + b"\0")
    return whole.digest()


def _without_operator(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in rule.items() if key != "with"}


def names_of(policy: Policy) -> dict[str, Any]:
    """Return what tells a policy from others."""
    return {"name": policy.name, "version": policy.version, "digest": policy.digest}


def told(policy: Policy) -> dict[str, Any]:
    """Return what the log says of a policy, so that decisions under it can be understood later."""
    return {**names_of(policy), "guard": dict(policy.guard)}


def _reason(error: AssaymarkError) -> str:
    """Say what is wrong and where, and of the words in the file only names."""
    if isinstance(error, InvalidPolicyError):
        found = [
            f"{Path(each.file).name}:{each.mark.line if each.mark else 1}: {each.code}: "
            + _QUOTED.sub(_shown, each.message)
            for each in error.diagnostics
        ]
        return "; ".join(found)[:_LONGEST_REASON]
    return error.message[:_LONGEST_REASON]


def _shown(word: re.Match[str]) -> str:
    return word[0] if _NAME.fullmatch(word[1]) else "`…`"
