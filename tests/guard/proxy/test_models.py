"""Which models there are, asked by the real clients of OpenAI and Anthropic."""

from __future__ import annotations

from typing import Any

import anthropic
import httpx
import openai
import pytest

from assaymark.errors import InputError
from assaymark.guard.proxy.keys import new_key
from assaymark.guard.proxy.settings import KeySettings, UpstreamSettings

from .conftest import CARD, MAIL, Client, Kept, Serve
from .upstream import Reply, Upstream, whole

GPT = {"id": "gpt-4o-mini", "object": "model", "created": 1_721_172_741, "owned_by": "system"}
CLAUDE = {
    "type": "model",
    "id": "claude-sonnet-4-5",
    "display_name": f"Claude, {MAIL}",
    "created_at": "2025-09-29T00:00:00Z",
}


def listing(*entries: Any) -> Any:
    """An upstream with these models."""
    return lambda _: whole({"object": "list", "data": list(entries)})


def one(upstream: Upstream, **options: Any) -> UpstreamSettings:
    """Settings of an upstream."""
    return UpstreamSettings(name="one", url=upstream.url, secret="sk-up", **options)


def test_the_real_client_lists_and_retrieves(
    client: Client, upstream: Upstream, kept: Kept
) -> None:
    """With the server's key for the upstream; and each request is in the log."""
    upstream.answer = listing(GPT, {**GPT, "id": "org/other-7b"})
    asking = client()

    listed = asking.models.list().data
    found = asking.models.retrieve("org/other-7b")
    with pytest.raises(openai.NotFoundError) as caught:
        asking.models.retrieve("gpt-5")

    assert listed[0].to_dict() == GPT
    assert [each.id for each in listed] == ["gpt-4o-mini", "org/other-7b"]
    assert found.id == "org/other-7b"
    assert caught.value.body["code"] == "model_not_found"  # type: ignore[index]
    assert {each.path for each in upstream.asked} == {"/v1/models"}
    assert upstream.asked[0].headers["authorization"] == "Bearer sk-up"
    assert "content-length" not in upstream.asked[0].headers
    assert [(each.api, each.outcome, each.status) for each in kept.decisions] == [
        ("models", "passed", 200),
        ("models", "passed", 200),
        ("models", "model_not_found", 404),
    ]


def test_anthropics_client_gets_anthropics_form(serve: Serve, upstream: Upstream) -> None:
    """Of upstreams that speak its API, whichever form they answer in."""
    upstream.answer = listing(CLAUDE, GPT)
    settings = (one(upstream, apis=("messages",)),)
    with anthropic.Anthropic(api_key="k", base_url=serve(upstreams=settings).url) as asking:
        first, second = asking.models.list().data

    assert (first.id, first.type, first.created_at.isoformat()) == (
        "claude-sonnet-4-5",
        "model",
        "2025-09-29T00:00:00+00:00",
    )
    assert (second.id, second.created_at.year) == ("gpt-4o-mini", 2024)
    assert upstream.asked[0].path == "/v1/models?limit=1000"
    assert upstream.asked[0].headers["x-api-key"] == "sk-up"


def test_only_what_is_served_is_listed(client: Client, upstream: Upstream) -> None:
    """By the patterns and APIs of each upstream; a name that two have stands once."""
    upstream.answer = listing(GPT, CLAUDE, {**GPT, "id": "secret-model"})
    settings = (
        one(upstream, models=("gpt-*",)),
        one(upstream, models=("gpt-*", "claude-*")),
        one(upstream, apis=("messages",)),
        one(upstream, apis=("images",)),
    )

    found = [each.id for each in client(upstreams=settings).models.list().data]

    assert found == ["gpt-4o-mini", "claude-sonnet-4-5"]
    assert len(upstream.asked) == 2


def test_nothing_but_names_and_times_passes(client: Client, upstream: Upstream) -> None:
    """Nobody judges what stands there, so no text can."""
    upstream.answer = listing(
        {"id": f"x {MAIL}", "object": "model"},
        {"id": "a", "owned_by": f"{CARD}; ask {MAIL}", "created": True, "description": MAIL},
        {"id": "b", "created": -1, "owned_by": 7},
        {"id": "c", "created": 10**15},
        {"id": "d", "created_at": "soon"},
        {"id": 7},
        "e",
    )

    answer = client().models.with_raw_response.list()

    assert MAIL not in answer.text
    assert CARD not in answer.text
    shown = [each.to_dict() for each in answer.parse().data]
    assert shown == [
        {"id": name, "object": "model", "created": 0, "owned_by": "unknown"} for name in "abcd"
    ]


@pytest.mark.parametrize(
    "reply",
    [
        Reply([b"[]"]),
        Reply([b"{"]),
        Reply([b'{"data": 7}']),
        whole({"error": {}}, status=401),
        Reply([b"{"], then="die"),
    ],
)
def test_an_upstream_that_does_not_tell(client: Client, upstream: Upstream, reply: Reply) -> None:
    """It has the models that its settings spell out; where none are, nobody knows."""
    upstream.answer = lambda _: reply
    spelt = (one(upstream, models=("gpt-4o-mini", "o*")),)

    found = [each.id for each in client(upstreams=spelt).models.list().data]
    with pytest.raises(openai.InternalServerError) as caught:
        client().models.list()

    assert found == ["gpt-4o-mini"]
    assert caught.value.body["code"] == "upstream_unavailable"  # type: ignore[index]


def test_who_may_ask(serve: Serve, upstream: Upstream, kept: Kept) -> None:
    """Those who may ask for anything; and not where it cannot be recorded."""
    upstream.answer = listing(GPT)
    key, digest = new_key()
    served = serve(keys=(KeySettings(name="a", digest=digest, tenant="acme"),))
    with httpx.Client(base_url=served.url) as http:
        stranger = http.get("/v1/models")
        known = http.get("/v1/models", headers={"authorization": f"Bearer {key}"})
        kept.error = InputError("disk full")
        lost = http.get("/v1/models", headers={"authorization": f"Bearer {key}"})

    assert (stranger.status_code, known.status_code, lost.status_code) == (401, 200, 503)
    assert [each.tenant for each in kept.decisions] == ["acme"]
    assert "gpt" not in stranger.text + lost.text
