"""
`trust.yaml`: whom a verifier believes, about what, and for how long.

    apiVersion: assaymark/v1
    kind: Trust
    keys:
      - name: release-auditor
        publicKey: keys/auditor.pub        # beside this file, or the PEM block itself
        roles: [auditor]
        validFrom: 2026-01-01              # a day or a time in UTC; optional, as are the next two
        validUntil: 2027-01-01T00:00:00Z
        revoked: {at: 2026-09-01, reason: superseded}
    policies:
      allow:
        - sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        - {name: support-bot, minVersion: 1.3.0}
    maxAge: 30d

Every mistake is shown at once, with its place. An unknown key is a mistake: a misspelt `revoked` must not
read as trust. One public key stands for one name, so that nobody counts twice.
docs/trust-file.md explains each field; tests/attest/test_trust.py holds the messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from assaymark.attest.keys import load_public_key
from assaymark.attest.public_key import PublicKey
from assaymark.attest.trust_reader import MapReader, TrustFileError, duration, moment, word
from assaymark.attest.trusted_key import Revocation, RevocationReason, Role, TrustedKey
from assaymark.errors import KeyFileError
from assaymark.marked_yaml import MAX_BYTES, MarkedYamlError, Node, parse_yaml
from assaymark.model.subject import Sha256
from assaymark.policy.diagnostics import Diagnostics, Reporter, SourceText, quoted

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_VERSION = re.compile(r"(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){0,4}")


@dataclass(frozen=True, slots=True)
class PolicyVersions:
    """A policy by name, from one version on. The name is the auditor's word, unlike a digest."""

    name: str
    minimum: tuple[int, ...]

    def admits(self, name: str, version: str) -> bool:
        """Whether a policy that calls itself `name` and `version` is meant."""
        if name != self.name or _VERSION.fullmatch(version) is None:
            return False
        return _numbers(version) >= self.minimum


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """A trust file, read."""

    keys: tuple[TrustedKey, ...]
    policy_digests: frozenset[Sha256] = frozenset()
    policy_versions: tuple[PolicyVersions, ...] = ()

    max_age: timedelta | None = None
    """How old a decision may be; `None` leaves it to the validity that the report states."""

    @property
    def names_policies(self) -> bool:
        """Whether any policy is allowed at all."""
        return bool(self.policy_digests or self.policy_versions)

    def allows(self, *, digest: Sha256, name: str, version: str) -> bool:
        """Whether a report under this policy may count."""
        return digest in self.policy_digests or any(
            each.admits(name, version) for each in self.policy_versions
        )


def trust_of_key(path: Path, *, name: str | None = None) -> Trust:
    """Return the trust in one public key, as an auditor and without end.

    Raises:
        KeyFileError: The file holds no public key that we accept.
    """
    key = TrustedKey(
        name=name or path.name, public_key=load_public_key(path), roles=frozenset({Role.AUDITOR})
    )
    return Trust(keys=(key,))


def load_trust(path: Path) -> Trust:
    """Read the trust file at `path`, and the key files that it names.

    Raises:
        TrustFileError: The file cannot be used; carries every mistake.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise TrustFileError.whole(f"cannot read `{path}`: {reason}") from None
    return parse_trust(
        data, name=str(path), read_key=lambda relative: load_public_key(path.parent / relative)
    )


def parse_trust(data: bytes, *, name: str, read_key: Callable[[str], PublicKey]) -> Trust:
    """Read a trust file from memory.

    Args:
        data: The file's bytes.
        name: What messages call it.
        read_key: Returns the public key in the file that `publicKey` names, relative to the trust file.

    Raises:
        TrustFileError: The file cannot be used; carries every mistake.
    """
    diagnostics = Diagnostics()
    report = diagnostics.reporter(SourceText.of(name, data))
    trust = None
    try:
        trust = _TrustReader(report, read_key).read(parse_yaml(data))
    except MarkedYamlError as error:
        for problem in error.problems:
            report.error("not-readable", problem.mark, problem.message, problem.hint)
    if trust is None or diagnostics.has_errors:
        raise TrustFileError(diagnostics.sorted())
    return trust


class _TrustReader:
    """Reads one file; goes on after a mistake, so that all are found."""

    def __init__(self, report: Reporter, read_key: Callable[[str], PublicKey]) -> None:
        self._report = report
        self._read_key = read_key

    def read(self, root: Node) -> Trust | None:
        top = MapReader.of(self._report, root, "a trust file")
        if top is None:
            return None
        top.demand("apiVersion", "assaymark/v1")
        top.demand("kind", "Trust")
        keys = [self._key(each) for each in top.items("keys", required=True)]
        self._demand_distinct(keys)
        digests, versions = self._policies(top.node("policies"))
        max_age = top.value("maxAge", duration)
        top.close()
        return Trust(
            keys=tuple(key for key, _ in keys if key is not None),
            policy_digests=frozenset(digests),
            policy_versions=tuple(versions),
            max_age=max_age,
        )

    def _key(self, node: Node) -> tuple[TrustedKey | None, Node]:
        entry = MapReader.of(self._report, node, "a key")
        if entry is None:
            return None, node
        name = entry.value("name", word, required=True)
        public_key = self._public_key(entry)
        roles = [self._role(each) for each in entry.items("roles", required=True)]
        valid_from = entry.value("validFrom", moment)
        valid_until = entry.value("validUntil", moment)
        if valid_from is not None and valid_until is not None and valid_until <= valid_from:
            mark = entry.mark("validUntil")
            self._report.error("empty-validity", mark, "`validUntil` is not after `validFrom`")
        revoked = self._revocation(entry.node("revoked"))
        entry.close()
        if name is None or public_key is None:
            return None, node
        key = TrustedKey(
            name=name,
            public_key=public_key,
            roles=frozenset(each for each in roles if each is not None),
            valid_from=valid_from,
            valid_until=valid_until,
            revoked=revoked,
        )
        return key, node

    def _public_key(self, entry: MapReader) -> PublicKey | None:
        text = entry.value("publicKey", word, required=True)
        if text is None:
            return None
        try:
            return (
                PublicKey.from_pem(text.encode()) if "-----BEGIN" in text else self._read_key(text)
            )
        except KeyFileError as error:
            self._report.error("bad-key", entry.mark("publicKey"), error.message, error.hint)
            return None

    def _role(self, node: Node) -> Role | None:
        return MapReader.choice(self._report, node, Role, "unknown-role", "a role")

    def _revocation(self, node: Node | None) -> Revocation | None:
        entry = None if node is None else MapReader.of(self._report, node, "`revoked`")
        if entry is None:
            return None
        at = entry.value("at", moment, required=True)
        reason_node = entry.node("reason", required=True)
        entry.close()
        reason = None
        if reason_node is not None:
            reason = MapReader.choice(
                self._report, reason_node, RevocationReason, "unknown-reason", "a reason"
            )
        return None if at is None or reason is None else Revocation(at=at, reason=reason)

    def _policies(self, node: Node | None) -> tuple[list[Sha256], list[PolicyVersions]]:
        digests: list[Sha256] = []
        versions: list[PolicyVersions] = []
        section = None if node is None else MapReader.of(self._report, node, "`policies`")
        if section is None:
            return digests, versions
        for each in section.items("allow", required=True):
            if isinstance(each.value, dict):
                entry = MapReader(self._report, each.mark, each.value, each.keys)
                if (found := self._versions(entry)) is not None:
                    versions.append(found)
            elif isinstance(each.value, str) and (match := _DIGEST.fullmatch(each.value)):
                digests.append(Sha256(match[1]))
            else:
                self._report.error(
                    "bad-policy",
                    each.mark,
                    "expected `sha256:` and 64 lower-case hexadecimal digits, or a name and a minVersion",
                    "`assaymark policy check` prints the digest of a policy",
                )
        section.close()
        return digests, versions

    def _versions(self, entry: MapReader) -> PolicyVersions | None:
        name = entry.value("name", word, required=True)
        minimum = entry.value("minVersion", _version, required=True)
        entry.close()
        return None if name is None or minimum is None else PolicyVersions(name, minimum)

    def _demand_distinct(self, keys: Iterable[tuple[TrustedKey | None, Node]]) -> None:
        names: dict[str, int] = {}
        prints: dict[str, str] = {}
        for key, node in keys:
            if key is None:
                continue
            if key.name in names:
                self._report.error(
                    "name-taken",
                    node.mark,
                    f"the name {quoted(key.name)} stands on line {names[key.name]} already",
                )
            names.setdefault(key.name, node.mark.line)
            fingerprint = key.public_key.fingerprint
            if fingerprint in prints:
                self._report.error(
                    "key-taken",
                    node.mark,
                    f"{quoted(key.name)} is the same public key as {quoted(prints[fingerprint])}",
                    "give one entry all of the key's roles",
                )
            prints.setdefault(fingerprint, key.name)


def _version(node: Node) -> tuple[int, ...]:
    # A version such as 1.30 reads as a decimal in YAML and would lose its zero.
    if not isinstance(node.value, str) or _VERSION.fullmatch(node.value) is None:
        raise ValueError("expected a version of numbers and dots, in quotes if it has one dot only")
    return _numbers(node.value)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in version.split("."))
