"""The file of settings: what it says, and every mistake in it at its place."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from assaymark.errors import UsageError
from assaymark.guard.proxy.settings import ServeSettings, UpstreamSettings, Via
from assaymark.guard.proxy.settings_file import SettingsFileError, load_settings, parse_settings

SCRYPT = f"$scrypt$ln=15,r=8,p=1${'A' * 22}${'A' * 43}"
WHOLE = """\
apiVersion: assaymark/v1
kind: Serve
policy: policy.yaml
listen:
  {host: 0.0.0.0, port: 0, certificate: tls/cert.pem, private_key: tls/key.pem, client_authority: ca.pem}
keys:
  - {name: team-a, sha256: "%(digest)s", tenant: acme}
  - {name: team-b, scrypt: "%(scrypt)s"}
trust: {tenant_header: X-Tenant, from: [127.0.0.1/32, "10.0.0.0/8", "::1"]}
upstreams:
  - name: openai
    url: https://api.example.com/v1/
    key: {env: MODEL_KEY}
    key_header: Api-Key
    authority: ca.pem
    certificate: client.pem
    private_key: client.key
    via: {url: "https://proxy.example.org:3128/", credentials: {env: VIA}, authority: via.pem}
    weight: 3
    models: ["gpt-*"]
    apis: [chat.completions]
  - {url: "http://localhost:8000/v1", key: {file: key.txt}}
timeouts: {connect: 1, first_byte: 2.5, idle: 3, total: 4}
resilience: {attempts: 1, failures: 2, rest: 3}
limits: {request: 1, answer: 2, headers: 3, seconds: 4, concurrent: 5, waiting: 0, patience: 7}
pseudonyms: {key: redaction.key, vault: vault.sqlite, lives: 30d}
apis: ["*"]
contracts: true
forward_keys: true
""" % {"digest": "ab" * 32, "scrypt": SCRYPT}  # noqa: UP031 - braces are YAML's
LEAST = "apiVersion: assaymark/v1\nkind: Serve\npolicy: p.yaml\nupstreams: [{url: 'https://x.org/v1'}]\n"


def parsed(text: str, folder: Path = Path("/at"), **environment: str) -> ServeSettings:
    """Return settings."""
    return parse_settings(dedent(text).encode(), "serve.yaml", folder, environment)


def mistakes(text: str, **environment: str) -> list[str]:
    """Return the first line of each mistake."""
    with pytest.raises(SettingsFileError) as caught:
        parsed(text, **environment)
    return [line for line in caught.value.message.split("\n") if line.startswith("serve.yaml:")]


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    """Each field arrives; paths are beside the file; secrets come from where it says."""
    (tmp_path / "key.txt").write_text("sk-file\n")

    found = parsed(WHOLE, tmp_path, MODEL_KEY="sk-env", VIA="me:sk-via")

    assert found.policy == str(tmp_path / "policy.yaml")
    assert found.listen.host == "0.0.0.0"
    assert found.listen.certificate == tmp_path / "tls/cert.pem"
    first, second = found.upstreams
    assert first == UpstreamSettings(
        name="openai",
        url="https://api.example.com/v1",
        secret="sk-env",
        key_header="api-key",
        authority=tmp_path / "ca.pem",
        certificate=tmp_path / "client.pem",
        private_key=tmp_path / "client.key",
        via=Via(
            url="https://proxy.example.org:3128",
            secret="me:sk-via",
            authority=tmp_path / "via.pem",
        ),
        weight=3,
        models=("gpt-*",),
        apis=("chat.completions",),
    )
    assert (second.name, second.secret) == ("localhost", "sk-file")
    assert found.keys[0].tenant == "acme"
    assert str(found.keys[1].scrypt) == SCRYPT
    assert found.trust is not None
    assert found.trust.tenant_header == "x-tenant"
    assert [str(each) for each in found.trust.addresses] == [
        "127.0.0.1/32",
        "10.0.0.0/8",
        "::1/128",
    ]
    assert found.timeouts.first_byte == 2.5
    assert found.limits.caps.answer == 2
    assert found.limits.waiting == 0
    assert found.pseudonyms is not None
    assert found.pseudonyms.vault == tmp_path / "vault.sqlite"
    assert (found.contracts, found.forward_keys) == (True, True)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    """Not even by whoever prints the settings."""
    (tmp_path / "key.txt").write_text("sk-file")

    shown = repr(parsed(WHOLE, tmp_path, MODEL_KEY="sk-env", VIA="me:sk-via"))

    assert "sk-" not in shown


def test_the_least() -> None:
    """A policy and an address: it is served here, to whoever is here."""
    found = parsed(LEAST)

    assert found.listen.host == "127.0.0.1"
    assert found.keys == ()


def test_every_mistake_at_its_place() -> None:
    """All of them at once."""
    plain = (
        "keys and prompts would go over the network in the clear;"
        " use https, or `allow_plain_http: true`"
    )
    digest = "expected the SHA-256 of a key, as `assaymark guard key` prints it"
    address = "expected an address such as `https://api.example.com/v1`"

    found = mistakes("""\
        apiVersion: assaymark/v1
        kind: Server
        upstreams:
          - {url: "http://far.example.org/v1", wieght: 2}
          - {url: "https://user:pw@x.org/v1", key: {env: NO_SUCH}}
          - {url: "ftp://x.org", key: {}}
          - 7
        keys: [{name: a, sha256: sk-plain}]
        listen: {port: 70000}
        timeouts: {idle: 0}
        limits: {concurrent: 0}
        apis: [7]
        forward_keys: perhaps
        """)

    assert found == [
        "serve.yaml:1:1: error[missing-key]: the key `policy` is missing",
        "serve.yaml:2:7: error[wrong-kind]: expected `Serve` as kind, got `Server`",
        f"serve.yaml:4:11: error[bad-value]: `url`: {plain}",
        "serve.yaml:4:40: error[unknown-key]: unknown key `wieght`",
        "serve.yaml:5:11: error[bad-value]: `url`: expected an address without user, query or fragment",
        "serve.yaml:5:50: error[bad-value]: `env`: the environment has no such variable",
        f"serve.yaml:6:11: error[bad-value]: `url`: {address}",
        "serve.yaml:6:31: error[bad-value]: `key`: expected either `env` or `file`",
        "serve.yaml:7:5: error[wrong-kind]: an upstream is a mapping of keys and values",
        f"serve.yaml:8:26: error[bad-value]: `sha256`: {digest}",
        "serve.yaml:9:16: error[bad-value]: `port`: expected a whole number from 0 to 65,535",
        "serve.yaml:10:18: error[bad-value]: `idle`: expected seconds, more than 0 and at most a day",
        "serve.yaml:11:22: error[bad-value]: `concurrent`: expected a whole number from 1 to 999,999,999",
        "serve.yaml:12:8: error[bad-value]: `apis`: expected a text",
        "serve.yaml:13:15: error[bad-value]: `forward_keys`: expected `true` or `false`",
    ]


def test_mistakes_about_keys_gateways_and_ways_through() -> None:
    """Each says what would be right, and repeats no secret."""
    addresses = (
        "expected addresses such as `127.0.0.1/32` or `10.1.0.0/16`, and not all that there are"
    )
    clear = "would go over the network in the clear; use https, or `allow_plain_http: true`"
    address = "expected an address such as `http://proxy.example.com:3128`"
    header = "expected the name of a header, such as `api-key`"
    scrypt = "expected a scrypt digest, as `assaymark guard key --given` prints it"

    found = mistakes(
        """\
        apiVersion: assaymark/v1
        kind: Serve
        policy: p.yaml
        keys:
          - {name: a}
          - {name: b, scrypt: correct-horse}
        trust: {tenant_header: "a b", from: [10.0.0.1/8, 0.0.0.0/0]}
        upstreams:
          - {url: "http://127.0.0.1/v1", via: {url: "http://127.0.0.1:3128"}}
          - {url: "https://x.org", via: {url: "http://p.org/x", credentials: {env: VIA}}}
          - {url: "https://x.org", via: {url: "http://p.org", credentials: {env: VIA}}}
          - {url: "https://x.org", via: {url: "https://p.org", credentials: {env: BARE}}}
          - {url: "https://x.org", private_key: k.pem}
        """,
        VIA="me:secret",
        BARE="secret",
    )

    assert found == [
        "serve.yaml:5:5: error[bad-value]: a key: expected either `sha256` or `scrypt`",
        f"serve.yaml:6:23: error[bad-value]: `scrypt`: {scrypt}",
        f"serve.yaml:7:24: error[bad-value]: `tenant_header`: {header}",
        f"serve.yaml:7:38: error[bad-value]: `from`: {addresses}",
        f"serve.yaml:7:50: error[bad-value]: `from`: {addresses}",
        f"serve.yaml:9:11: error[bad-value]: `url`: keys and prompts {clear}",
        f"serve.yaml:10:39: error[bad-value]: `url`: {address}",
        f"serve.yaml:11:68: error[bad-value]: `credentials`: they {clear}",
        "serve.yaml:12:69: error[bad-value]: `credentials`: expected a name, a colon and a password",
        "serve.yaml:13:41: error[bad-value]: `private_key`: there is no `certificate` to go with it",
    ]


def test_a_server_for_everybody_is_not_made() -> None:
    """An address that others reach needs keys."""
    with pytest.raises(UsageError) as caught:
        parsed(LEAST + "listen: {host: 0.0.0.0}\n")

    assert caught.value.message == "the server would answer everybody who reaches `0.0.0.0`"
    assert parsed(LEAST + "listen: {host: '::1'}\n").keys == ()


@pytest.mark.parametrize("secret", ["", "two\nlines", "sch\u00f6n", "\x1b[2J"])
def test_a_secret_is_one_line(tmp_path: Path, secret: str) -> None:
    """What could break a header is no key, and is not repeated."""
    (tmp_path / "k").write_text(secret)

    with pytest.raises(SettingsFileError) as caught:
        parsed(LEAST.replace("/v1'", "/v1', key: {file: k}"), tmp_path)

    assert "it holds no key: one line of printable ASCII" in caught.value.message


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """A file that is not there, and one that is no YAML."""
    (tmp_path / "bad.yaml").write_text("a: [")

    with pytest.raises(SettingsFileError) as missing:
        load_settings(tmp_path / "none.yaml")
    with pytest.raises(SettingsFileError) as bad:
        load_settings(tmp_path / "bad.yaml")

    assert missing.value.message == f"cannot read `{tmp_path}/none.yaml`: no such file or directory"
    assert "error[" in bad.value.message


def test_no_secret_is_shown_where_it_stands_by_mistake() -> None:
    """Written inline, in an address, or in the place of its digest: the place is shown, and the key."""
    with pytest.raises(SettingsFileError) as caught:
        parsed(
            """\
            apiVersion: assaymark/v1
            kind: Serve
            policy: p.yaml
            keys:
              - {name: a, sha256: amk-verysecret, tenant: acme}
              - {name: b, scrypt: hunter2}
            upstreams:
              - url: https://api.example.com/v1
                key: sk-verysecret
              - {url: "http://jo:hunter2@127.0.0.1:8/v1"}
              - {url: "https://x.org/v1", key: {env: hunter2}, via: {url: "https://v.org",
                  credentials: hunter2}}
            """
        )

    message = caught.value.message
    assert "verysecret" not in message
    assert "hunter2" not in message
    assert "verysecret" not in repr(caught.value.diagnostics)
    assert [line for line in message.split("\n") if line[:1].isdigit()] == [
        "5 |   - {name: a, sha256: ***, tenant: acme}",
        "6 |   - {name: b, scrypt: ***}",
        "9 |     key: ***",
        '10 |   - {url: "http://***@127.0.0.1:8/v1"}',
        '11 |   - {url: "https://x.org/v1", key: {env: ***}, via: {url: "https://v.org",',
        "12 |       credentials: ***",
    ]


def test_what_may_stand_once() -> None:
    """One key under two tenants, and two keys or upstreams with one name: both places are named."""
    found = mistakes(
        f"""\
        apiVersion: assaymark/v1
        kind: Serve
        policy: p.yaml
        keys:
          - {{name: a, sha256: {"ab" * 32}, tenant: acme}}
          - {{name: b, sha256: {"ab" * 32}, tenant: other}}
          - {{name: a, sha256: {"cd" * 32}}}
          - {{name: c, scrypt: "{SCRYPT}"}}
          - {{name: d, scrypt: "{SCRYPT}"}}
        upstreams:
          - {{name: one, url: "https://a.org/v1"}}
          - {{url: "https://b.org/v1"}}
          - {{url: "https://b.org/v1"}}
          - {{name: one, url: "https://c.org/v1"}}
        """
    )

    assert found == [
        "serve.yaml:6:23: error[duplicate]: this key has a name and a tenant already: the first is on line 5",
        "serve.yaml:7:12: error[duplicate]: two keys are called `a`: the first is on line 5",
        "serve.yaml:9:23: error[duplicate]: this key has a name and a tenant already: the first is on line 8",
        "serve.yaml:14:12: error[duplicate]: two upstreams are called `one`: the first is on line 11",
    ]
