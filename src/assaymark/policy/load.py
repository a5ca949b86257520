"""
From files to a policy: read, merged with its parents, type-checked, defaults filled in.

    load_policy("team.yaml", catalog)          # a path
    load_policy("pack:baseline", catalog)      # a policy that ships with this package

* All mistakes are shown at once, each at its place, those of parents included.
* Whatever the bytes, the answer is a `Policy` or a `PolicyError`.
* Parents are read only from the folder of the policy and from the packs: a policy cannot make this read,
  or quote, any other file.

tests/policy/test_load.py, test_load_fuzz.py and test_load_files.py hold these.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath

from assaymark.canonical import sha256_of
from assaymark.contracts.catalog import Catalog
from assaymark.errors import PolicyError, UsageError
from assaymark.marked_yaml import MAX_BYTES, MarkedYamlError, Node, parse_yaml
from assaymark.policy.diagnostics import (
    LONGEST_PATH,
    Diagnostic,
    Diagnostics,
    InvalidPolicyError,
    Reporter,
    SourceText,
    quoted,
)
from assaymark.policy.inherit import Layer
from assaymark.policy.layer import LayerReader
from assaymark.policy.packs import PREFIX, read_pack
from assaymark.policy.policy import Policy

MAX_FILES = 32  # of one policy, parents included
MAX_EXTENDS = 8  # levels of parents


@dataclass(frozen=True, slots=True)
class PolicySource:
    """The bytes of one file of a policy."""

    name: str
    """What diagnostics call it."""

    identity: str
    """What the policy calls it: its path relative to the policy's folder, or `pack:NAME`."""

    data: bytes


Resolve = Callable[[str, str], PolicySource]
"""Given an entry of `extends` and the identity of the file that has it, returns that parent.

Raises `PolicyError`, whose message is shown at the entry.
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """A policy, if it can be used, and everything there is to say about it."""

    policy: Policy | None
    diagnostics: tuple[Diagnostic, ...]


def load_policy(
    location: str | os.PathLike[str], catalog: Catalog, *, today: date | None = None
) -> Policy:
    """Load the policy at `location`, a path or `pack:NAME`.

    Args:
        location: Where it is.
        catalog: What is installed.
        today: The day to hold `valid_until` against; by default the current day in UTC.

    Raises:
        PolicyError: The policy cannot be used; the message holds every diagnostic.
        UsageError: `location` is neither text nor a path.
    """
    return _demand_sound(check_policy(location, catalog, today=today))


def check_policy(
    location: str | os.PathLike[str], catalog: Catalog, *, today: date | None = None
) -> Checked:
    """Look at the policy at `location` and return what there is to say, without raising.

    Args:
        location: A path, or `pack:NAME`.
        catalog: What is installed.
        today: As for `load_policy`.

    Raises:
        UsageError: `location` is neither text nor a path.
    """
    location = _path_of(location)
    try:
        if location.startswith(PREFIX):
            source = PolicySource(location, location, read_pack(location.removeprefix(PREFIX)))
        else:
            identity = Path(location).name
            source = PolicySource(location, identity, _read_file(Path(location)))
    except PolicyError as error:
        shown = Diagnostic(
            code="unreadable", message=error.message, file=location, mark=None, hint=error.hint
        )
        return Checked(None, (shown,))
    return _check(source, catalog, _resolver(location), today)


def parse_policy(
    text: bytes,
    name: str,
    catalog: Catalog,
    *,
    resolve: Resolve | None = None,
    today: date | None = None,
) -> Policy:
    """Parse a policy that stands in memory.

    Args:
        text: The file's bytes.
        name: What diagnostics call it.
        catalog: What is installed.
        resolve: Finds parents; by default only packs.
        today: As for `load_policy`.

    Raises:
        PolicyError: The policy cannot be used; the message holds every diagnostic.
    """
    source = PolicySource(name, name, text)
    return _demand_sound(_check(source, catalog, resolve or _only_packs, today))


def _demand_sound(checked: Checked) -> Policy:
    if checked.policy is None:
        raise InvalidPolicyError(checked.diagnostics)
    return checked.policy


def _check(source: PolicySource, catalog: Catalog, resolve: Resolve, today: date | None) -> Checked:
    diagnostics = Diagnostics()
    family = _Family(catalog, resolve, diagnostics, today or datetime.now(UTC).date())
    layer = family.read(source, chain=())
    sound = layer is not None and layer.sound and not diagnostics.has_errors
    return Checked(
        layer.policy if layer is not None and sound else None,
        diagnostics.sorted(),
    )


class _Family:
    """A policy and its parents while they are read."""

    def __init__(
        self, catalog: Catalog, resolve: Resolve, diagnostics: Diagnostics, today: date
    ) -> None:
        self._catalog = catalog
        self._resolve = resolve
        self._diagnostics = diagnostics
        self._today = today
        self._known: dict[str, Layer | None] = {}

    def read(self, source: PolicySource, *, chain: tuple[str, ...]) -> Layer | None:
        """Read one file and, before it is merged, all its parents; `None` if it is no document."""
        if source.identity in self._known:
            return self._known[source.identity]
        reporter = self._diagnostics.reporter(SourceText.of(source.name, source.data))
        root = _parse(source.data, reporter)
        layer = None
        if root is not None:
            reader = LayerReader(root, self._catalog, reporter, source.identity)
            parents = [
                self._parent(entry, reporter, (*chain, source.identity))
                for entry in reader.extends()
            ]
            layer = reader.read(
                parents,
                digest=sha256_of(source.data),
                today=None if chain else self._today,
            )
        self._known[source.identity] = layer
        return layer

    def _parent(self, entry: Node, reporter: Reporter, chain: tuple[str, ...]) -> Layer | None:
        def refuse(code: str, message: str, hint: str | None = None) -> None:
            reporter.error(code, entry.mark, message, hint)

        reference = str(entry.value)
        if len(chain) > MAX_EXTENDS:
            refuse("too-deep", f"policies extend each other over more than {MAX_EXTENDS} levels")
            return None
        if len(self._known) + len(chain) > MAX_FILES:
            refuse("too-many-files", f"a policy is made of at most {MAX_FILES} files")
            return None
        try:
            source = self._resolve(reference, chain[-1])
        except PolicyError as error:
            refuse("unknown-parent", error.message, error.hint)
            return None
        if source.identity in chain:
            loop = " → ".join([*chain[chain.index(source.identity) :], source.identity])
            refuse("cycle", f"{quoted(reference)} extends this file in turn", f"the way is {loop}")
            return None
        return self.read(source, chain=chain)


def _parse(data: bytes, reporter: Reporter) -> Node | None:
    try:
        root = parse_yaml(data)
    except MarkedYamlError as error:
        for problem in error.problems:
            reporter.error("yaml", problem.mark, problem.message, problem.hint)
        return None
    if not isinstance(root.value, dict):
        hint = "start with `apiVersion: assaymark/v1`"
        reporter.error("wrong-type", root.mark, "expected a policy, which is a mapping", hint)
        return None
    return root


def _only_packs(reference: str, asking: str) -> PolicySource:
    if not reference.startswith(PREFIX):
        raise PolicyError(
            f"{quoted(reference)} cannot be found from {quoted(asking)}",
            hint="only packs, such as `pack:baseline`, can be extended here",
        )
    return PolicySource(reference, reference, read_pack(reference.removeprefix(PREFIX)))


def _path_of(location: str | os.PathLike[str]) -> str:
    try:
        return os.fsdecode(location)
    except TypeError:
        got = type(location).__name__
        raise UsageError(
            f"expected a path or `pack:NAME`, got a `{got}`", hint="name the file of the policy"
        ) from None


def _resolver(location: str) -> Resolve:
    """Return what finds the parents of the policy at `location`."""
    folder = Path(location).parent

    def resolve(reference: str, asking: str) -> PolicySource:
        if reference.startswith(PREFIX) or location.startswith(PREFIX) or asking.startswith(PREFIX):
            return _only_packs(reference, asking)
        relative = os.path.normpath(PurePosixPath(asking).parent / reference)
        target = folder / relative
        try:
            root, real = os.path.realpath(folder), os.path.realpath(target)
        except ValueError:
            raise PolicyError(f"{quoted(reference)} is no path") from None
        if os.path.commonpath([root, real]) != root:
            raise PolicyError(
                f"{quoted(reference)} lies outside of the policy's folder",
                hint="keep parents beside or below the policy that is loaded",
            )
        return PolicySource(str(target), PurePosixPath(relative).as_posix(), _read_file(target))

    return resolve


def _read_file(path: Path) -> bytes:
    """Return the bytes of `path`, or the first ones where they are too many to be a policy."""
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            if path.exists() and not path.is_dir():
                what = "is not a regular file"
            raise PolicyError(
                f"{quoted(str(path), longest=LONGEST_PATH)} {what}",
                hint="name a policy file, or `pack:NAME`",
            )
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise PolicyError(
            f"{quoted(str(path), longest=LONGEST_PATH)} cannot be read: {reason}"
        ) from None
