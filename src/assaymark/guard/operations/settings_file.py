"""
The sections of `serve.yaml` about operation.

    log: {directory: decisions, key: log.pem, when_full: refuse, digest_key: digest.key}
    tenants:
      strict: {policy: strict.yaml}
    others: default                      # or `refuse`
    canary: {policy: next.yaml, share: 0.05}
    shadows: [{policy: stricter.yaml, share: 0.2}]
    kill_switch: {file: stop, may_pass: false}
    reload_seconds: 2
    alerts:
      block_rate: 0.2
      to: [{form: slack, url: {env: SLACK_URL}}]
    observe: {lines: true, spans: false, pages: true}

An address for alerts may be a secret, so it may stand in a variable of the environment.
tests/guard/operations/test_settings_file.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from assaymark.attest.trust.reader import MapReader, flag, whole, word
from assaymark.errors import AssaymarkError
from assaymark.guard.decisions.recorder import WhenFull
from assaymark.guard.life.plan import Canary, Plan, Shadow
from assaymark.guard.operations.settings import AlertSettings, LogSettings, Operations
from assaymark.guard.watch.messages import FORMS
from assaymark.guard.watch.sending import Destination
from assaymark.marked_yaml import Node
from assaymark.policy.diagnostics import Reporter

T = TypeVar("T")

_DAY = 86_400.0


class OperationsReader:
    """Reads the sections; mistakes go to the report, each at its place.

    Args:
        report: Of the file.
        folder: What paths are relative to.
        environment: Where secrets are.
    """

    def __init__(self, report: Reporter, folder: Path, environment: Mapping[str, str]) -> None:
        self._report, self._folder, self._environment = report, folder, environment

    def read(self, top: MapReader) -> Operations:
        """Return what the sections of `top` ask for."""
        switch = self._section(top.node("kill_switch"), "kill_switch", self._switch) or {}
        observed = self._section(top.node("observe"), "observe", _observed) or {}
        others = top.value("others", _one_of("default", "refuse"))
        return Operations(
            tenants=dict(self._tenants(top.node("tenants"))),
            **_given(
                log=self._section(top.node("log"), "log", self._log),
                canary=self._section(top.node("canary"), "canary", self._canary),
                shadows=self._shadows(top),
                others_refused=None if others is None else others == "refuse",
                reload_every=top.value("reload_seconds", _seconds),
                alerts=self._section(top.node("alerts"), "alerts", self._alerts),
            ),
            **switch,
            **observed,
        )

    def _section(
        self, node: Node | None, name: str, read: Callable[[MapReader], T | None]
    ) -> T | None:
        """Read a mapping to its end; what makes no value is reported at its place."""
        section = None if node is None else MapReader.of(self._report, node, f"`{name}`")
        if section is None:
            return None
        try:
            value = read(section)
        except AssaymarkError as error:
            self._report.error("bad-value", section.mark(), f"`{name}`: {error.message}")
            value = None
        section.close()
        return value

    def _log(self, section: MapReader) -> LogSettings | None:
        directory = section.value("directory", self._path, required=True)
        key = section.value("key", self._key, required=True)
        more = _given(
            state=section.value("state", self._path),
            digest_key=section.value("digest_key", self._path),
            when_full=section.value("when_full", _one_of(*get_args(WhenFull))),
            patience=section.value("patience", _seconds),
            seal_every=section.value("seal_seconds", _seconds),
        )
        if directory is None or key is None:
            return None
        return LogSettings(directory=directory, key=key, **more)

    def _canary(self, section: MapReader) -> Canary | None:
        policy = section.value("policy", self._policy, required=True)
        share = section.value("share", _share, required=True)
        return None if policy is None or share is None else Canary(policy=policy, share=share)

    def _shadows(self, section: MapReader) -> tuple[Shadow, ...] | None:
        if "shadows" not in section:
            return None
        found = [self._section(each, "shadows", self._shadow) for each in section.items("shadows")]
        return tuple(each for each in found if each is not None)

    def _shadow(self, section: MapReader) -> Shadow | None:
        policy = section.value("policy", self._policy, required=True)
        more = _given(share=section.value("share", _share))
        return None if policy is None else Shadow(policy=policy, **more)

    def _tenants(self, node: Node | None) -> list[tuple[str, Plan]]:
        if node is None:
            return []
        if not isinstance(node.value, dict):
            self._report.error("wrong-kind", node.mark, "`tenants` maps names to policies")
            return []
        found = [(name, self._section(each, name, self._plan)) for name, each in node.value.items()]
        return [(name, plan) for name, plan in found if plan is not None]

    def _plan(self, section: MapReader) -> Plan | None:
        policy = section.value("policy", self._policy, required=True)
        more = _given(
            canary=self._section(section.node("canary"), "canary", self._canary),
            shadows=self._shadows(section),
        )
        return None if policy is None else Plan(policy=policy, **more)

    def _switch(self, section: MapReader) -> dict[str, Any]:
        return _given(
            kill_switch=section.value("file", self._path, required=True),
            kill_switch_may_pass=section.value("may_pass", flag),
        )

    def _alerts(self, section: MapReader) -> AlertSettings:
        drift = self._section(section.node("drift"), "drift", _drift)
        found = [self._section(each, "to", self._destination) for each in section.items("to")]
        return AlertSettings(
            destinations=tuple(each for each in found if each is not None),
            **_given(
                service=section.value("service", word),
                window=section.value("window_seconds", _seconds),
                block_rate=section.value("block_rate", _share),
                unjudged_share=section.value("unjudged_share", _share),
                detector_failures=section.value("detector_failures", whole(1)),
                drift_margin=drift,
            ),
        )

    def _destination(self, section: MapReader) -> Destination | None:
        form = section.value("form", _one_of(*FORMS), required=True)
        node = section.node("url", required=True)
        url = None
        if node is not None and isinstance(node.value, dict):
            url = self._section(node, "url", self._variable)
        elif node is not None:
            url = section.value("url", word)
        headers = self._section(section.node("headers"), "headers", self._headers) or {}
        if form is None or url is None:
            return None
        return Destination(form=form, url=url, headers=headers)

    def _headers(self, section: MapReader) -> dict[str, str]:
        found = {
            "authorization": self._section(
                section.node("authorization"), "authorization", self._variable
            )
        }
        return {name: value for name, value in found.items() if value is not None}

    def _variable(self, section: MapReader) -> str | None:
        def read(node: Node) -> str:
            value = self._environment.get(word(node), "").strip()
            if not value or not value.isascii() or not value.isprintable():
                raise ValueError("the environment has no such variable, or it is no line of ASCII")
            return value

        return section.value("env", read, required=True)

    def _path(self, node: Node) -> Path:
        return self._folder / word(node)

    def _policy(self, node: Node) -> str:
        name = word(node)
        return name if name.startswith("pack:") else str(self._folder / name)

    def _key(self, node: Node) -> str:
        from assaymark.attest.signers import is_uri

        name = word(node)
        return name if is_uri(name) else str(self._folder / name)


def _observed(section: MapReader) -> dict[str, Any]:
    return _given(**{name: section.value(name, flag) for name in ("lines", "spans", "pages")})


def _drift(section: MapReader) -> float:
    margin = section.value("margin", _share)
    return 0.01 if margin is None else margin


def _one_of(*names: str) -> Callable[[Node], Any]:
    def read(node: Node) -> str:
        if node.value not in names:
            raise ValueError(f"expected {' or '.join(f'`{each}`' for each in names)}")
        return str(node.value)

    return read


def _share(node: Node) -> float:
    match node.value:
        case bool():
            pass
        case int() | float() as number if 0 < number <= 1:
            return float(number)
    raise ValueError("expected a share, more than 0 and at most 1")


def _seconds(node: Node) -> float:
    match node.value:
        case bool():
            pass
        case int() | float() as number if 0 < number <= _DAY:
            return float(number)
    raise ValueError("expected seconds, more than 0 and at most a day")


def _given(**values: Any) -> dict[str, Any]:
    return {key: each for key, each in values.items() if each is not None}
