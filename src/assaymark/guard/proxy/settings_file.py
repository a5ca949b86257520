"""
`serve.yaml`: the grammar of a server's settings, and every mistake in a file at once, with its place.

    apiVersion: assaymark/v1
    kind: Serve
    policy: policy.yaml                    # beside this file, or `pack:NAME`
    listen: {host: 127.0.0.1, port: 8787}  # optional, as is everything but `policy` and `upstreams`
    keys:
      - {name: team-a, sha256: 2bb8…, tenant: acme}
    upstreams:
      - {name: openai, url: https://api.openai.com/v1, key: {env: OPENAI_API_KEY}, models: ["gpt-*"]}

An unknown key is a mistake: a misspelt limit must not read as none.

docs/proxy.md explains each field; tests/guard/proxy/test_settings.py holds the messages.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assaymark.attest.tlog.durable import read_file
from assaymark.attest.trust.reader import MapReader, duration, flag, whole, word
from assaymark.errors import InputError, PolicyError
from assaymark.guard.operations.settings_file import OperationsReader
from assaymark.guard.proxy.judge import Caps
from assaymark.guard.proxy.settings import (
    Listen,
    Pseudonyms,
    Resilience,
    ServerLimits,
    ServeSettings,
    Timeouts,
)
from assaymark.guard.proxy.settings_callers import CallersReader
from assaymark.guard.proxy.settings_upstreams import UpstreamReader, given
from assaymark.guard.proxy.settings_values import port, seconds
from assaymark.marked_yaml import MAX_BYTES, MarkedYamlError, Node, parse_yaml
from assaymark.policy.diagnostics import Diagnostic, Diagnostics, Reporter, SourceText, render


class SettingsFileError(PolicyError):
    """A file of settings cannot be used; `message` tells every mistake, and `diagnostics` holds them."""

    def __init__(self, message: str, diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(message)
        self.diagnostics = tuple(diagnostics)


def load_settings(path: Path, environment: Mapping[str, str] | None = None) -> ServeSettings:
    """Read the settings at `path`.

    Args:
        path: The file; what it names is beside it.
        environment: Where secrets are; that of the process by default.

    Raises:
        SettingsFileError: They cannot be used.
        UsageError: They would open the server to everybody.
    """
    try:
        data = read_file(path, limit=MAX_BYTES)
    except InputError as error:
        raise SettingsFileError(error.message) from None
    if data is None:
        raise SettingsFileError(f"cannot read `{path}`: no such file or directory")
    known = os.environ if environment is None else environment
    return parse_settings(data, str(path), path.parent, known)


def parse_settings(
    data: bytes, name: str, folder: Path, environment: Mapping[str, str]
) -> ServeSettings:
    """Read settings from memory.

    Args:
        data: The file's bytes.
        name: What messages call it.
        folder: What the paths in it are relative to.
        environment: Where secrets are.

    Raises:
        SettingsFileError: They cannot be used.
        UsageError: They would open the server to everybody.
    """
    diagnostics = Diagnostics()
    report = diagnostics.reporter(SourceText.of(name, data))
    settings = None
    try:
        settings = _Reader(report, folder, environment).read(parse_yaml(data))
    except MarkedYamlError as error:
        for problem in error.problems:
            report.error("not-readable", problem.mark, problem.message, problem.hint)
    if settings is None or diagnostics.has_errors:
        found = diagnostics.sorted()
        raise SettingsFileError(render(found), found)
    return settings()


class _Reader:
    """Reads one file; goes on after a mistake, so that all are found."""

    def __init__(self, report: Reporter, folder: Path, environment: Mapping[str, str]) -> None:
        self._report, self._folder, self._environment = report, folder, environment

    def read(self, root: Node) -> Callable[[], ServeSettings] | None:
        top = MapReader.of(self._report, root, "a file of settings")
        if top is None:
            return None
        top.demand("apiVersion", "assaymark/v1")
        top.demand("kind", "Serve")
        policy = top.value("policy", self._policy, required=True)
        upstreams = UpstreamReader(self._report, self._folder, self._environment)
        callers = CallersReader(self._report)
        read_upstreams = [
            upstreams.upstream(each) for each in top.items("upstreams", required=True)
        ]
        read: dict[str, Any] = {
            "listen": top.section("listen", self._listen),
            "timeouts": top.section("timeouts", _timeouts),
            "resilience": top.section("resilience", _resilience),
            "limits": top.section("limits", _limits),
            "pseudonyms": top.section("pseudonyms", self._pseudonyms),
            "contracts": top.value("contracts", flag),
            "forward_keys": top.value("forward_keys", flag),
            "keys": callers.keys(top) if "keys" in top else None,
            "trust": top.section("trust", callers.trust),
            "apis": upstreams.words(top, "apis"),
            "operations": OperationsReader(self._report, self._folder, self._environment).read(top),
        }
        top.close()
        if self._report.errors:
            return None
        named = given(**read)
        known = tuple(each for each in read_upstreams if each is not None)
        return lambda: ServeSettings(policy=str(policy), upstreams=known, **named)

    def _policy(self, node: Node) -> str:
        name = word(node)
        return name if name.startswith("pack:") else str(self._folder / name)

    def _path(self, node: Node) -> Path:
        return self._folder / word(node)

    def _listen(self, section: MapReader) -> Listen:
        return Listen(
            **given(
                host=section.value("host", word),
                port=section.value("port", port),
                certificate=section.value("certificate", self._path),
                private_key=section.value("private_key", self._path),
                client_authority=section.value("client_authority", self._path),
            )
        )

    def _pseudonyms(self, section: MapReader) -> Pseudonyms | None:
        key = section.value("key", self._path, required=True)
        vault = section.value("vault", self._path, required=True)
        lives = section.value("lives", duration)
        return (
            None if key is None or vault is None else Pseudonyms(key=key, vault=vault, lives=lives)
        )


def _timeouts(section: MapReader) -> Timeouts:
    names = ("connect", "first_byte", "idle", "total")
    return Timeouts(**given(**{each: section.value(each, seconds) for each in names}))


def _resilience(section: MapReader) -> Resilience:
    return Resilience(
        **given(
            attempts=section.value("attempts", whole(1)),
            failures=section.value("failures", whole(1)),
            rest=section.value("rest", seconds),
        )
    )


def _limits(section: MapReader) -> ServerLimits:
    caps = given(
        request=section.value("request", whole(1)), answer=section.value("answer", whole(1))
    )
    return ServerLimits(
        caps=Caps(**caps),
        **given(
            headers=section.value("headers", whole(1)),
            seconds=section.value("seconds", seconds),
            concurrent=section.value("concurrent", whole(1)),
            waiting=section.value("waiting", whole(0)),
            patience=section.value("patience", seconds),
        ),
    )
