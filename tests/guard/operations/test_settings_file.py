"""What operators ask for in `serve.yaml`, and every mistake at its place."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from assaymark.guard.life.plan import Canary, Plan, Plans, Shadow
from assaymark.guard.operations.settings import AlertSettings, LogSettings, Operations
from assaymark.guard.proxy.settings_file import SettingsFileError, parse_settings
from assaymark.guard.watch.sending import Destination

HEAD = """\
apiVersion: assaymark/v1
kind: Serve
policy: policy.yaml
upstreams:
  - {name: one, url: https://api.example.com/v1}
"""
FOLDER = Path("/srv")


def read(text: str, **environment: str) -> Operations:
    """The operations in a file with these sections."""
    data = (HEAD + dedent(text)).encode()
    return parse_settings(data, "serve.yaml", FOLDER, environment).operations


def test_nothing_is_asked_for() -> None:
    """One policy for everybody, no log, pages for operators."""
    operations = read("")

    assert operations == Operations()
    assert operations.plans("p.yaml") == Plans(default=Plan(policy="p.yaml"))
    assert operations.pages


def test_everything_is_asked_for() -> None:
    """Paths are beside the file, packs are packs, and secrets come from the environment."""
    operations = read(
        """\
        log:
          directory: decisions
          key: log.pem
          state: seen
          digest_key: digest.key
          when_full: continue
          patience: 2
          seal_seconds: 0.5
        tenants:
          strict: {policy: strict.yaml}
          next: {policy: pack:baseline, canary: {policy: n.yaml, share: 0.5}, shadows: [{policy: s.yaml}]}
        others: refuse
        canary: {policy: next.yaml, share: 0.05}
        shadows: [{policy: stricter.yaml, share: 0.2}]
        kill_switch: {file: stop, may_pass: true}
        reload_seconds: 5
        alerts:
          service: bot
          window_seconds: 60
          block_rate: 0.2
          unjudged_share: 0.02
          detector_failures: 7
          drift: {margin: 0.03}
          to:
            - {form: slack, url: {env: SLACK}}
            - {form: alertmanager, url: "http://am:9093", headers: {authorization: {env: TOKEN}}}
        observe: {lines: true, spans: true, pages: false}
        """,
        SLACK="https://hooks.example.com/x",
        TOKEN="Bearer t",
    )

    assert operations == Operations(
        log=LogSettings(
            directory=FOLDER / "decisions",
            key="/srv/log.pem",
            state=FOLDER / "seen",
            digest_key=FOLDER / "digest.key",
            when_full="continue",
            patience=2.0,
            seal_every=0.5,
        ),
        tenants={
            "strict": Plan(policy="/srv/strict.yaml"),
            "next": Plan(
                policy="pack:baseline",
                canary=Canary(policy="/srv/n.yaml", share=0.5),
                shadows=(Shadow(policy="/srv/s.yaml"),),
            ),
        },
        others_refused=True,
        canary=Canary(policy="/srv/next.yaml", share=0.05),
        shadows=(Shadow(policy="/srv/stricter.yaml", share=0.2),),
        kill_switch=FOLDER / "stop",
        kill_switch_may_pass=True,
        reload_every=5.0,
        alerts=AlertSettings(
            service="bot",
            window=60.0,
            block_rate=0.2,
            unjudged_share=0.02,
            detector_failures=7,
            drift_margin=0.03,
            destinations=(
                Destination(form="slack", url="https://hooks.example.com/x"),
                Destination(
                    form="alertmanager",
                    url="http://am:9093",
                    headers={"authorization": "Bearer t"},
                ),
            ),
        ),
        lines=True,
        spans=True,
        pages=False,
    )
    assert operations.plans("p.yaml").default is None


def test_keys_on_tokens() -> None:
    """The URI of a key is no path."""
    operations = read("log: {directory: d, key: 'pkcs11:token=log;object=decisions'}\n")

    assert operations.log is not None
    assert operations.log.key == "pkcs11:token=log;object=decisions"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("log: {directory: d}", "6:6: error[missing-key]: the key `key` is missing"),
        ("log: [d]", "6:6: error[wrong-kind]: `log` is a mapping of keys and values"),
        (
            "log: {directory: d, key: k, when_full: drop}",
            "6:40: error[bad-value]: `when_full`: expected `refuse` or `continue`",
        ),
        (
            "log: {directory: d, key: k, patience: 0}",
            "6:39: error[bad-value]: `patience`: expected seconds, more than 0 and at most a day",
        ),
        (
            "log: {directory: d, key: k, patience: true}",
            "6:39: error[bad-value]: `patience`: expected seconds, more than 0 and at most a day",
        ),
        (
            "log: {directory: d, key: k, when_ful: x}",
            "6:29: error[unknown-key]: unknown key `when_ful`",
        ),
        (
            "canary: {policy: p, share: 2}",
            "6:28: error[bad-value]: `share`: expected a share, more than 0 and at most 1",
        ),
        (
            "canary: {policy: p, share: true}",
            "6:28: error[bad-value]: `share`: expected a share, more than 0 and at most 1",
        ),
        ("shadows: [{share: 0.1}]", "6:11: error[missing-key]: the key `policy` is missing"),
        ("tenants: [a]", "6:10: error[wrong-kind]: `tenants` maps names to policies"),
        ("tenants: {a: p.yaml}", "6:14: error[wrong-kind]: `a` is a mapping of keys and values"),
        ("tenants: {a: {}}", "6:14: error[missing-key]: the key `policy` is missing"),
        ("others: deny", "6:9: error[bad-value]: `others`: expected `default` or `refuse`"),
        (
            "alerts: {to: [{form: mail, url: 'http://x'}]}",
            "6:22: error[bad-value]: `form`: expected `webhook` or `alertmanager` or `slack`",
        ),
        (
            "alerts: {to: [{form: slack, url: 'ftp://x'}]}",
            "6:15: error[bad-value]: `to`: expected an http or https address for alerts by slack",
        ),
        (
            "alerts: {to: [{form: slack, url: {env: NONE}}]}",
            "6:40: error[bad-value]: `env`: the environment has no such variable, or it is no line of ASCII",
        ),
        ("alerts: {to: [{form: slack}]}", "6:15: error[missing-key]: the key `url` is missing"),
        ("kill_switch: {}", "6:14: error[missing-key]: the key `file` is missing"),
        ("observe: {lines: 1}", "6:18: error[bad-value]: `lines`: expected `true` or `false`"),
    ],
)
def test_mistakes(text: str, expected: str) -> None:
    """Each is told at its place, and nothing is made of the file."""
    with pytest.raises(SettingsFileError) as raised:
        read(text + "\n")

    assert raised.value.message.splitlines()[0] == f"serve.yaml:{expected}"


def test_all_mistakes_are_told() -> None:
    """Not only the first."""
    with pytest.raises(SettingsFileError) as raised:
        read("log: {}\nobserve: {spans: 1}\n")

    assert raised.value.message.count("error[") == 3


def test_plans_for_tenants_only() -> None:
    """Where others are refused there has to be somebody who is not."""
    from assaymark.errors import UsageError

    operations: Any = read("others: refuse\n")

    with pytest.raises(UsageError, match="no policy is named"):
        operations.plans("p.yaml")
