"""
The section `upstreams` of `serve.yaml`.

    upstreams:
      - name: openai
        url: https://api.openai.com/v1
        key: {env: OPENAI_API_KEY}
        via: {url: https://proxy.example.org:3128, credentials: {env: PROXY_CREDENTIALS}}
        models: ["gpt-*"]

Secrets do not stand in the file: it names a variable or a file that holds one.
tests/guard/proxy/test_settings.py
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assaymark.attest.tlog.durable import read_file
from assaymark.attest.trust.reader import MapReader, flag, whole, word
from assaymark.errors import InputError
from assaymark.guard.proxy.settings import UpstreamSettings, Via, is_loopback
from assaymark.guard.proxy.settings_values import Once, header, one_line, proxy_url, url
from assaymark.marked_yaml import Node
from assaymark.policy.diagnostics import Reporter

_MAX_SECRET = 8_192  # bytes


class UpstreamReader:
    """Reads the section; mistakes go to the report, each at its place.

    Args:
        report: Of the file.
        folder: What paths are relative to.
        environment: Where secrets are.
    """

    def __init__(self, report: Reporter, folder: Path, environment: Mapping[str, str]) -> None:
        self._report, self._folder, self._environment = report, folder, environment
        self._names = Once(report, "two upstreams are called")

    def upstream(self, node: Node) -> UpstreamSettings | None:
        """Return one upstream."""
        entry = MapReader.of(self._report, node, "an upstream")
        if entry is None:
            return None
        via = entry.section("via", self._via)
        allows_plain = bool(entry.value("allow_plain_http", flag))
        address = entry.value(
            "url",
            lambda each: url(each, allows_plain=allows_plain, is_near="via" not in entry),
            required=True,
        )
        given_name = entry.value("name", word)
        if given_name is not None:
            self._names.take(given_name, entry.mark("name"), given_name)
        name = given_name or urlsplit(address or "").hostname or ""
        read = given(
            secret=entry.section("key", self._secret),
            key_header=entry.value("key_header", header),
            authority=entry.value("authority", self._path),
            certificate=entry.value("certificate", self._path),
            private_key=entry.value("private_key", self._path),
            via=via,
            weight=entry.value("weight", whole(1)),
            models=self.words(entry, "models"),
            apis=self.words(entry, "apis"),
        )
        if "private_key" in entry and "certificate" not in entry:
            self._report.error(
                "bad-value",
                entry.mark("private_key"),
                "`private_key`: there is no `certificate` to go with it",
            )
        entry.close()
        return None if address is None else UpstreamSettings(name=name, url=address, **read)

    def words(self, section: MapReader, key: str) -> tuple[str, ...] | None:
        """Return the texts at `key`; `None` where nothing stands there."""
        if key not in section:
            return None
        found = []
        for node in section.items(key):
            if isinstance(node.value, str) and node.value:
                found.append(node.value)
            else:
                self._report.error("bad-value", node.mark, f"`{key}`: expected a text")
        return tuple(found)

    def _via(self, section: MapReader) -> Via | None:
        allows_plain = bool(section.value("allow_plain_http", flag))
        address = section.value("url", proxy_url, required=True)
        secret = section.section("credentials", self._credentials)
        authority = section.value("authority", self._path)
        if address is None:
            return None
        parts = urlsplit(address)
        if (
            secret
            and parts.scheme == "http"
            and not (allows_plain or is_loopback(parts.hostname or ""))
        ):
            self._report.error(
                "bad-value",
                section.mark("credentials"),
                "`credentials`: they would go over the network in the clear; use https,"
                " or `allow_plain_http: true`",
            )
        return Via(url=address, secret=secret, authority=authority)

    def _path(self, node: Node) -> Path:
        return self._folder / word(node)

    def _credentials(self, section: MapReader) -> str | None:
        found = self._secret(section, "credentials")
        if found is not None and ":" not in found:
            self._report.error(
                "bad-value",
                section.mark(),
                "`credentials`: expected a name, a colon and a password",
            )
        return found

    def _secret(self, section: MapReader, name: str = "key") -> str | None:
        variable = section.value("env", self._variable)
        file = section.value("file", self._secret_file)
        if ("env" in section) == ("file" in section):
            self._report.error(
                "bad-value", section.mark(), f"`{name}`: expected either `env` or `file`"
            )
        return variable or file

    def _variable(self, node: Node) -> str:
        name = word(node)
        value = self._environment.get(name, "")
        if not value:
            raise ValueError("the environment has no such variable")
        return one_line(value)

    def _secret_file(self, node: Node) -> str:
        try:
            data = read_file(self._path(node), limit=_MAX_SECRET)
        except InputError:
            data = None
        if data is None:
            raise ValueError("cannot read the file")
        return one_line(data.decode("utf-8", "replace"))


def given(**values: Any) -> dict[str, Any]:
    """Return what is there of `values`."""
    return {key: each for key, each in values.items() if each is not None}
