"""The trust file: what it means, and what is said about one that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.attest.public_key import PublicKey
from assaymark.attest.trust import (
    PolicyVersions,
    Trust,
    load_trust,
    parse_trust,
    trust_of_key,
)
from assaymark.attest.trust_reader import TrustFileError
from assaymark.attest.trusted_key import Revocation, RevocationReason, Role
from assaymark.errors import KeyFileError, PolicyError
from assaymark.model.subject import Sha256
from attest.by_hand import make_signer

HEAD = "apiVersion: assaymark/v1\nkind: Trust\n"
KEY = "  - {name: a, publicKey: a.pub, roles: [auditor]}\n"


def read_key(name: str) -> PublicKey:
    """A folder of key files that holds `<letter>.pub`, one key for each letter."""
    if not name.endswith(".pub"):
        raise KeyFileError(f"cannot read `{name}`: no such file or directory")
    return make_signer(ord(name[0])).public_key


def parse(text: str) -> Trust:
    """The trust in a file with this text."""
    return parse_trust(text.encode(), name="trust.yaml", read_key=read_key)


def error_for(text: str) -> str:
    """Everything that is said about a trust file that cannot be used."""
    with pytest.raises(TrustFileError) as caught:
        parse(text)
    assert caught.value.diagnostics
    return caught.value.message


def test_every_field() -> None:
    """A file that uses all there is."""
    inline = make_signer(1).public_key.pem.decode().replace("\n", "\n      ")
    trust = parse(
        f"""\
apiVersion: assaymark/v1
kind: Trust
keys:
  - name: release-auditor
    publicKey: |
      {inline}
    roles: [auditor, reviewer]
    validFrom: 2026-01-01
    validUntil: 2027-01-01T06:30:00Z
    revoked: {{at: 2026-09-01, reason: superseded}}
  - {{name: log, publicKey: b.pub, roles: [log]}}
policies:
  allow:
    - sha256:{"a" * 64}
    - {{name: support-bot, minVersion: 1.3.0}}
maxAge: 30d
"""
    )

    auditor, log = trust.keys
    assert auditor.name == "release-auditor"
    assert auditor.public_key == make_signer(1).public_key
    assert auditor.roles == {Role.AUDITOR, Role.REVIEWER}
    assert auditor.valid_from == datetime(2026, 1, 1, tzinfo=UTC)
    assert auditor.valid_until == datetime(2027, 1, 1, 6, 30, tzinfo=UTC)
    assert auditor.revoked == Revocation(
        at=datetime(2026, 9, 1, tzinfo=UTC), reason=RevocationReason.SUPERSEDED
    )
    assert (log.name, log.public_key) == ("log", make_signer(ord("b")).public_key)
    assert trust.policy_digests == {"a" * 64}
    assert trust.policy_versions == (PolicyVersions("support-bot", (1, 3, 0)),)
    assert trust.max_age == timedelta(days=30)
    assert trust.names_policies


def test_the_example_in_the_documentation(repository: Path) -> None:
    """What `docs/trust-file.md` shows can be used as it stands."""
    page = (repository / "docs" / "trust-file.md").read_text()
    trust = parse(page.split("```yaml\n")[1].split("```")[0].replace("keys/auditor", "a"))

    assert [each.name for each in trust.keys] == ["release-auditor", "old-auditor"]
    assert trust.names_policies


def test_the_least_that_is_a_trust_file() -> None:
    """Keys alone suffice to verify; a gate will ask for policies."""
    trust = parse(HEAD + "keys:\n" + KEY)

    assert [each.name for each in trust.keys] == ["a"]
    assert trust.max_age is None
    assert not trust.names_policies


def test_key_files_lie_beside_the_trust_file(tmp_path: Path) -> None:
    """Paths are relative to the file that holds them, not to where the command runs."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "a.pub").write_bytes(make_signer().public_key.pem)
    path = tmp_path / "trust.yaml"
    path.write_text(HEAD + "keys:\n" + KEY.replace("a.pub", "keys/a.pub"))

    assert load_trust(path).keys[0].public_key == make_signer().public_key


def test_one_public_key_is_trust_in_an_auditor(tmp_path: Path) -> None:
    """`--key` is a trust file of one key."""
    path = tmp_path / "a.pub"
    path.write_bytes(make_signer().public_key.pem)
    trust = trust_of_key(path)

    assert [(each.name, each.roles) for each in trust.keys] == [("a.pub", {Role.AUDITOR})]
    assert trust_of_key(path, name="me").keys[0].name == "me"
    with pytest.raises(KeyFileError):
        trust_of_key(tmp_path / "none.pub")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A trust file that is not there is not an empty one."""
    path = tmp_path / "trust.yaml"
    with pytest.raises(PolicyError) as caught:
        load_trust(path)

    assert caught.value.message == f"cannot read `{path}`: no such file or directory"
    assert caught.value.args == (caught.value.message,)


def test_all_mistakes_are_shown_at_their_places() -> None:
    """A file with ten mistakes is answered once."""
    text = """\
apiVersion: assaymark/v2
kind: Trust
keys:
  - name: a
    publicKey: nowhere
    roles: [auditer]
    validFrom: 2027-01-01
    validUntil: yesterday
    revokd: {at: 2026-01-01, reason: compromised}
  - {name: b, publicKey: b.pub, roles: []}
  - {name: c, publicKey: c.pub, roles: [log], revoked: {at: 2026-01-01, reason: lost}}
policies:
  allow: [sha256:AB]
maxAge: 30
"""
    assert error_for(text) == dedent(
        """\
        trust.yaml:1:13: error[wrong-kind]: expected `assaymark/v1` as apiVersion, got `assaymark/v2`
          |
        1 | apiVersion: assaymark/v2
          |             ^^^^^^^^^^^^

        trust.yaml:5:16: error[bad-key]: cannot read `nowhere`: no such file or directory
          |
        5 |     publicKey: nowhere
          |                ^^^^^^^

        trust.yaml:6:13: error[unknown-role]: expected a role (`auditor`, `waiver-approver`, `reviewer`, `policy-author`, `log` or `tsa`), got `auditer`
          |
        6 |     roles: [auditer]
          |             ^^^^^^^
          = hint: did you mean `auditor`?

        trust.yaml:8:17: error[bad-value]: `validUntil`: expected a day such as 2026-01-31 or a time such as 2026-01-31T12:00:00Z
          |
        8 |     validUntil: yesterday
          |                 ^^^^^^^^^

        trust.yaml:9:5: error[unknown-key]: unknown key `revokd`
          |
        9 |     revokd: {at: 2026-01-01, reason: compromised}
          |     ^^^^^^
          = hint: did you mean `revoked`?

        trust.yaml:10:40: error[empty-list]: `roles` is a list with one entry at least
           |
        10 |   - {name: b, publicKey: b.pub, roles: []}
           |                                        ^^

        trust.yaml:11:81: error[unknown-reason]: expected a reason (`compromised`, `superseded` or `retired`), got `lost`
           |
        11 |   - {name: c, publicKey: c.pub, roles: [log], revoked: {at: 2026-01-01, reason: lost}}
           |                                                                                 ^^^^

        trust.yaml:13:11: error[bad-policy]: expected `sha256:` and 64 lower-case hexadecimal digits, or a name and a minVersion
           |
        13 |   allow: [sha256:AB]
           |           ^^^^^^^^^
           = hint: `assaymark policy check` prints the digest of a policy

        trust.yaml:14:9: error[bad-value]: `maxAge`: expected a number of days or hours, such as `30d` or `12h`
           |
        14 | maxAge: 30
           |         ^^"""  # noqa: E501 - the messages are whole
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "trust.yaml:1:1: error[not-readable]: the document is empty"),
        ("- x", "trust.yaml:1:1: error[wrong-kind]: a trust file is a mapping of keys and values"),
        (HEAD, "trust.yaml:1:1: error[missing-key]: the key `keys` is missing"),
        (
            "kind: Trust\nkeys:\n" + KEY,
            "trust.yaml:1:1: error[missing-key]: the key `apiVersion` is missing",
        ),
        (
            HEAD.replace("Trust", "Policy") + "keys:\n" + KEY,
            "trust.yaml:2:7: error[wrong-kind]: expected `Trust` as kind, got `Policy`",
        ),
        (
            HEAD + "keys: []",
            "trust.yaml:3:7: error[empty-list]: `keys` is a list with one entry at least",
        ),
        (
            HEAD + "keys: a.pub",
            "trust.yaml:3:7: error[empty-list]: `keys` is a list with one entry at least",
        ),
        (
            HEAD + "keys: [a.pub]",
            "trust.yaml:3:8: error[wrong-kind]: a key is a mapping of keys and values",
        ),
        (
            HEAD + "keys: [{name: '', publicKey: a.pub, roles: [log]}]",
            "trust.yaml:3:15: error[bad-value]: `name`: expected a text",
        ),
        (
            HEAD + "keys: [{name: a, publicKey: 7, roles: [log]}]",
            "trust.yaml:3:29: error[bad-value]: `publicKey`: expected a text",
        ),
        (
            HEAD + "keys: [{name: a, publicKey: a.pub, roles: [[log]]}]",
            (
                "trust.yaml:3:44: error[unknown-role]: expected a role (`auditor`, `waiver-approver`, "
                "`reviewer`, `policy-author`, `log` or `tsa`), got `['log']`"
            ),
        ),
        (
            HEAD + "keys:\n" + KEY + KEY.replace("a.pub", "b.pub"),
            "trust.yaml:5:5: error[name-taken]: the name `a` stands on line 4 already",
        ),
        (
            HEAD + "keys:\n" + KEY + KEY.replace("name: a", "name: b"),
            "trust.yaml:5:5: error[key-taken]: `b` is the same public key as `a`",
        ),
        (
            HEAD
            + "keys: [{name: a, publicKey: a.pub, roles: [log], validFrom: 2026-01-02, "
            + "validUntil: 2026-01-02}]",
            "trust.yaml:3:85: error[empty-validity]: `validUntil` is not after `validFrom`",
        ),
        (
            HEAD + "keys: [{name: a, publicKey: a.pub, roles: [log], revoked: true}]",
            "trust.yaml:3:59: error[wrong-kind]: `revoked` is a mapping of keys and values",
        ),
        (
            HEAD + "keys: [{name: a, publicKey: a.pub, roles: [log], revoked: {at: 2026-01-01}}]",
            "trust.yaml:3:59: error[missing-key]: the key `reason` is missing",
        ),
        (
            HEAD + "keys:\n" + KEY + "policies: all",
            "trust.yaml:5:11: error[wrong-kind]: `policies` is a mapping of keys and values",
        ),
        (
            HEAD + "keys:\n" + KEY + "policies: {allow: []}",
            "trust.yaml:5:19: error[empty-list]: `allow` is a list with one entry at least",
        ),
        (
            HEAD + "keys:\n" + KEY + "policies: {allow: [{name: p}]}",
            "trust.yaml:5:20: error[missing-key]: the key `minVersion` is missing",
        ),
        (
            HEAD + "keys:\n" + KEY + "policies: {allow: [{name: p, minVersion: 1.3}]}",
            (
                "trust.yaml:5:42: error[bad-value]: `minVersion`: expected a version of numbers and "
                "dots, in quotes if it has one dot only"
            ),
        ),
        (
            HEAD + "keys:\n" + KEY + "keys:\n" + KEY,
            "trust.yaml:5:1: error[not-readable]: the key `keys` stands on line 3 already",
        ),
        (
            HEAD + "keys:\n" + KEY + "maxAge: 0d",
            (
                "trust.yaml:5:9: error[bad-value]: `maxAge`: expected a number of days or hours, "
                "such as `30d` or `12h`"
            ),
        ),
    ],
)
def test_one_mistake(text: str, message: str) -> None:
    """Each mistake alone gives one message, at its place."""
    said = error_for(text)

    assert said.split("\n")[0] == message
    assert "\n\n" not in said


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.3.0", True),
        ("1.3.1", True),
        ("1.10.0", True),
        ("2", True),
        ("1.3", False),
        ("1.2.9", False),
        ("1.3.0-rc1", False),
        ("latest", False),
        ("", False),
        ("01.3.0", False),
    ],
)
def test_versions_count_as_numbers(version: str, expected: object) -> None:
    """1.10 is newer than 1.3, and what is no such version is not admitted."""
    allowed = PolicyVersions("p", (1, 3, 0))

    assert allowed.admits("p", version) is expected
    assert not allowed.admits("q", version)


def test_a_policy_is_allowed_by_digest_or_by_version() -> None:
    """Either way will do; neither is no."""
    trust = Trust(
        keys=(),
        policy_digests=frozenset({Sha256("a" * 64)}),
        policy_versions=(PolicyVersions("p", (2,)),),
    )

    assert trust.allows(digest=Sha256("a" * 64), name="x", version="0")
    assert trust.allows(digest=Sha256("b" * 64), name="p", version="2.1")
    assert not trust.allows(digest=Sha256("b" * 64), name="p", version="1.9")


_LINES = st.sampled_from(
    [
        *HEAD.splitlines(),
        "keys:",
        KEY.rstrip(),
        "  - name: b",
        "    publicKey: b.pub",
        "    roles: [auditor, log]",
        "    validFrom: 2026-01-01",
        "    revoked: {at: x}",
        "policies: {allow: [a, {}, {name: 1}]}",
        "maxAge: 5d",
        "  - [",
        "? x",
        "\t",
        "- -",
    ]
)


@given(st.lists(_LINES, max_size=12).map("\n".join) | st.text(max_size=80))
def test_any_text_is_answered(text: str) -> None:
    """A trust file, or an error of ours."""
    try:
        keys = parse(text).keys
    except TrustFileError:
        return
    assert keys


@given(st.binary(max_size=80))
def test_any_bytes_are_answered(data: bytes) -> None:
    """Bytes that are no text are an error of ours too."""
    with pytest.raises(TrustFileError):
        parse_trust(data, name="trust.yaml", read_key=read_key)
