"""What is kept of keys, who is believed to be whom, and how little a stranger can cost."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from assaymark.errors import UsageError
from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.key_digests import ScryptDigest, is_ours
from assaymark.guard.proxy.keys import Caller, Keyring, conversation_of, digest_of, new_key
from assaymark.guard.proxy.settings import KeySettings, Trust

OURS, OURS_DIGEST = new_key()
OTHER = "correct-horse-battery-staple"
SLOW = ScryptDigest.of(OTHER)
FORGED = {"assaymark-tenant": "victim"}


@dataclass
class Asked:
    """A request."""

    headers: Mapping[str, str]
    peer: str = "127.0.0.1"
    more: Sequence[tuple[bytes, bytes]] = field(default=())

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """As they came."""
        return [(k.encode(), v.encode()) for k, v in self.headers.items()] + list(self.more)


def bearing(key: str, **more: str) -> dict[str, str]:
    """Headers with a key."""
    return {"authorization": f"Bearer {key}", **more}


def caller(ring: Keyring, headers: Mapping[str, str], **options: object) -> Caller | str:
    """Who asks, or the code of the refusal."""
    try:
        return asyncio.run(ring.caller(Asked(headers, **options)))  # type: ignore[arg-type]
    except RefusedError as refused:
        return refused.code


def trust(*addresses: str, header: str = "assaymark-tenant") -> Trust:
    """Believe gateways at some addresses."""
    return Trust(
        addresses=tuple(ipaddress.ip_network(each) for each in addresses), tenant_header=header
    )


# -- digests


def test_a_scrypt_digest_is_what_scrypt_says() -> None:
    """Its text holds everything that is needed to try a key, and nothing of the key."""
    text = str(SLOW)

    assert text.startswith("$scrypt$ln=15,r=8,p=1$")
    assert ScryptDigest.parse(text) == SLOW
    assert SLOW.matches(OTHER)
    assert not SLOW.matches(OTHER + "x")
    assert SLOW.digest == hashlib.scrypt(
        OTHER.encode(), salt=SLOW.salt, n=2**15, r=8, p=1, maxmem=1 << 26, dklen=32
    )
    assert OTHER not in text


def test_no_two_digests_of_a_key_are_the_same() -> None:
    """Each has a salt of its own."""
    assert str(ScryptDigest.of(OTHER)) != str(SLOW)


@pytest.mark.parametrize("key", ["", "hunter2", "a" * 40, "abcabcabcabcabcabc", "x" * 1_025])
def test_a_key_that_can_be_guessed_gets_no_digest(key: str) -> None:
    """Short ones and dull ones; and the message does not repeat it."""
    with pytest.raises(UsageError) as caught:
        ScryptDigest.of(key)

    assert caught.value.message == (
        "the key can be guessed, or is none: expected 16 to 1,024 characters, 8 of them different"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("$scrypt$", "$argon2$"), "expected a scrypt digest"),
        (("ln=15", "ln=10"), "expected ln from 15 to 20, r from 8 to 32 and p from 1 to 4"),
        (("ln=15", "ln=30"), "expected ln from 15 to 20, r from 8 to 32 and p from 1 to 4"),
        (("p=1", "p=9"), "expected ln from 15 to 20, r from 8 to 32 and p from 1 to 4"),
        (("ln=15,r=8", "ln=19,r=8"), "a digest that takes at most 256 MiB to try"),
        (("ln=15,r=8", "ln=17,r=32"), "a digest that takes at most 256 MiB to try"),
        (("p=1$", "p=1$="), "expected a scrypt digest"),
    ],
)
def test_a_digest_that_is_cheap_dear_or_none_is_refused(
    change: tuple[str, str], message: str
) -> None:
    """Neither a guesser nor whoever writes settings sets the price."""
    with pytest.raises(ValueError, match="expected") as caught:
        ScryptDigest.parse(str(SLOW).replace(*change))

    assert message in str(caught.value)


def test_salt_and_digest_are_base64_in_one_way_only() -> None:
    """The bits that nothing says are zero."""
    head, salt, digest = str(SLOW).rsplit("$", 2)
    wrong = salt[:-1] + ("B" if salt[-1] == "A" else chr(ord(salt[-1]) + 1))

    with pytest.raises(ValueError, match="base64 without padding"):
        ScryptDigest.parse(f"{head}${wrong}${digest}")


# -- callers


def test_each_kind_of_key_is_known() -> None:
    """A key that was made here by its SHA-256, any other one by scrypt; others are not."""
    ring = Keyring(
        (
            KeySettings(name="a", digest=OURS_DIGEST, tenant="acme"),
            KeySettings(name="b", scrypt=SLOW, tenant="beta"),
        )
    )

    assert caller(ring, bearing(OURS, **FORGED)) == Caller("a", "acme")
    assert caller(ring, {"x-api-key": OTHER}) == Caller("b", "beta")
    assert caller(ring, {"api-key": OTHER}) == Caller("b", "beta")
    assert caller(ring, {"x-guardrailsai-api-key": OURS}) == Caller("a", "acme")
    for headers in ({}, bearing("wrong-key-wrong-key"), bearing("x" * 5_000), {"x-api-key": ""}):
        assert caller(ring, headers) == "invalid_api_key"


def test_a_guessable_key_under_sha256_is_not_accepted() -> None:
    """Who wrote its digest into the settings learns why from the log, and the client nothing."""
    ring = Keyring((KeySettings(name="a", digest=digest_of("hunter2")),))

    with pytest.raises(RefusedError) as caught:
        asyncio.run(ring.caller(Asked(bearing("hunter2"))))

    assert not is_ours("hunter2")
    assert caught.value.message == "the request has no key that is known here"
    assert caught.value.cause == (
        "a key under `sha256` was not made by `assaymark guard key`; keep it under `scrypt`"
    )


def test_a_key_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a client that asks often nor a stranger who does pays, or costs, more than one trial."""
    tried: list[str] = []
    real = ScryptDigest.matches

    def matches(self: ScryptDigest, key: str) -> bool:
        tried.append(key)
        return real(self, key)

    monkeypatch.setattr(ScryptDigest, "matches", matches)
    ring = Keyring((KeySettings(name="b", scrypt=SLOW),))

    async def ask() -> None:
        known = [ring.caller(Asked(bearing(OTHER))) for _ in range(8)]
        assert {each.name for each in await asyncio.gather(*known)} == {"b"}
        for _ in range(3):
            with pytest.raises(RefusedError):
                await ring.caller(Asked(bearing("a stranger's key")))
        assert await looks(ring, bearing("a stranger's key")) == 401

    asyncio.run(ask())

    assert tried == [OTHER, "a stranger's key"]


def test_few_keys_are_tried_at_a_time() -> None:
    """The others are told to come back, and one that was tried before is not among them."""
    ring = Keyring((KeySettings(name="b", scrypt=SLOW), KeySettings(name="a", digest=OURS_DIGEST)))

    async def ask() -> list[str]:
        await ring.caller(Asked(bearing(OTHER)))

        async def one(key: str) -> str:
            try:
                return (await ring.caller(Asked(bearing(key)))).name
            except RefusedError as refused:
                return refused.code

        strangers = [asyncio.ensure_future(one(f"stranger {n}")) for n in range(20)]
        await asyncio.sleep(0)
        known = [await one(OTHER), await one(OURS)]
        operator = await looks(ring, bearing("one more"))
        assert (known, operator) == (["b", "a"], 429)
        return await asyncio.gather(*strangers)

    codes = asyncio.run(ask())

    assert codes.count("overloaded") == 4
    assert codes.count("invalid_api_key") == 16


# -- tenants


def test_nobodys_word_about_a_tenant_is_believed_by_itself() -> None:
    """Without keys a header says nothing."""
    assert caller(Keyring(()), FORGED) == Caller("", "")


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("127.0.0.1:8787", True),
        ("localhost", True),
        ("localhost:8787", True),
        ("[::1]:8787", True),
        ("[::1]", True),
        ("127.8.8.8", True),
        ("attacker.example:8787", False),
        ("127.0.0.1.attacker.example", False),
        ("192.0.2.1", False),
        ("", False),
        (":8787", False),
    ],
)
def test_without_keys_a_page_of_another_site_gets_nothing(host: str, *, answered: bool) -> None:
    """Its name may point to this machine, but the browser says which name it was."""
    headers = {"host": host}

    assert (caller(Keyring(()), headers) == Caller("", "")) is answered
    assert (caller(Keyring(()), headers) == "unknown_host") is not answered
    assert asyncio.run(looks(Keyring(()), headers)) == (200 if answered else 403)


def test_a_gateway_may_call_the_server_as_it_likes() -> None:
    """Its address is known; and where there are keys they are what counts."""
    named = {"host": "guard.internal", **FORGED}
    keyed = Keyring((KeySettings(name="a", digest=OURS_DIGEST, tenant="acme"),))

    assert caller(Keyring((), trust=trust("127.0.0.1/32")), named) == Caller("", "victim")
    assert caller(Keyring((), trust=trust("10.0.0.1/32")), named) == "unknown_host"
    assert caller(keyed, bearing(OURS, **named)) == Caller("a", "acme")


def test_a_gateway_is_believed_where_the_settings_say_so() -> None:
    """By the address from which it asks; from any other one the header is not read."""
    ring = Keyring((), trust=trust("127.0.0.1/32", "10.0.0.0/8", header="x-tenant"))

    named = {"x-tenant": "acme", **FORGED}
    assert caller(ring, named) == Caller("", "acme")
    assert caller(ring, named, peer="::ffff:10.1.2.3") == Caller("", "acme")
    assert caller(ring, FORGED) == Caller("", "")
    for peer in ("192.0.2.1", "::1", "", "unix"):
        assert caller(ring, named, peer=peer) == Caller("", "")


def test_a_tenant_that_is_named_twice_is_refused() -> None:
    """A gateway that adds a header, and does not replace the client's, must not be half believed."""
    twice = [(b"Assaymark-Tenant", b"victim")]
    ring = Keyring((), trust=trust("127.0.0.1/32"))
    keyed = Keyring((KeySettings(name="a", digest=OURS_DIGEST, tenant="*"),))

    assert caller(ring, FORGED, more=twice) == "invalid_request"
    assert caller(keyed, bearing(OURS, **FORGED), more=twice) == "invalid_request"
    assert caller(Keyring(()), FORGED, more=twice) == Caller("", "")


@pytest.mark.parametrize("name", ["authorization", "X-API-Key"])
def test_a_key_that_is_shown_twice_is_refused(name: str) -> None:
    """A gateway may have looked at the other one."""
    keyed = Keyring((KeySettings(name="a", digest=OURS_DIGEST, tenant="acme"),))
    shown = f"Bearer {OURS}" if name == "authorization" else OURS
    headers, more = {name.lower(): shown}, [(name.encode(), b"Bearer another")]

    assert caller(keyed, headers) == Caller("a", "acme")
    assert caller(keyed, headers, more=more) == "invalid_request"
    assert caller(keyed, {**headers, "api-key": OURS}) == Caller("a", "acme")


def test_a_conversation_is_named_once_or_not_at_all() -> None:
    """Of two names nobody can tell whose is whose, and an empty one is none."""

    def named(*names: str) -> str | None:
        more = [(b"Assaymark-Session", each.encode()) for each in names]
        headers = {"assaymark-session": names[-1]} if names else {}
        return conversation_of(Asked(headers, more=more[:-1]))

    assert [named(), named(""), named(" "), named("one")] == [None, None, None, "one"]
    with pytest.raises(RefusedError) as refused:
        named("one", "two")
    assert (refused.value.status, refused.value.message) == (
        400,
        "the request names its conversation more than once",
    )


def test_a_key_for_any_tenant_may_be_held_to_an_address() -> None:
    """A key that leaked does not let others speak for tenants."""
    keys = (KeySettings(name="gateway", digest=OURS_DIGEST, tenant="*"),)
    ring = Keyring(keys, trust=trust("10.0.0.1/32"))

    assert caller(Keyring(keys), bearing(OURS, **FORGED)) == Caller("gateway", "victim")
    assert caller(ring, bearing(OURS, **FORGED)) == Caller("gateway", "")
    assert caller(ring, bearing(OURS, **FORGED), peer="10.0.0.1") == Caller("gateway", "victim")


def test_operators_have_a_key_for_any_tenant() -> None:
    """Where nobody has keys, everybody on this machine is one."""
    all_, all_digest = new_key()
    ring = Keyring(
        (
            KeySettings(name="a", digest=OURS_DIGEST, tenant="acme"),
            KeySettings(name="ops", digest=all_digest, tenant="*"),
        )
    )

    async def both(headers: Mapping[str, str]) -> list[int]:
        return [await looks(each, headers) for each in (Keyring(()), ring)]

    assert asyncio.run(both({})) == [200, 401]
    assert asyncio.run(both(bearing(OURS))) == [200, 403]
    assert asyncio.run(both(bearing(all_))) == [200, 200]


async def looks(ring: Keyring, headers: Mapping[str, str]) -> int:
    """With which status an operator's page would be answered."""
    try:
        await ring.demand_operator(headers)
    except RefusedError as refused:
        return refused.status
    return 200
