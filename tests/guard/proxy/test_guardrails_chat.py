"""Chat completions at the addresses of guardrails-ai's server, asked by OpenAI's client."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import openai
import pytest

from assaymark.guard.apis import apis
from assaymark.guard.proxy.server import application_of
from assaymark.guard.proxy.settings import ServeSettings, UpstreamSettings
from assaymark.guard.serving import OneGuard

from .conftest import BLOCKS, CARD, MAIL, Served, guard
from .fields import USER
from .upstream import Upstream, chat, chunks, events, whole

PASSED = {"reask": None, "validation_passed": True, "error": None}
FAILED = {"reask": None, "validation_passed": False, "error": "the policy blocks the text"}


@pytest.fixture(params=["redacts", "blocks"])
def section(request: pytest.FixtureRequest) -> str:
    """What the policy does with addresses in answers."""
    return str(request.param)


@pytest.fixture
def served(upstream: Upstream, section: str) -> Iterator[Served]:
    """The server as the command makes it, with the guard's own APIs."""
    settings = ServeSettings(
        policy="p", upstreams=(UpstreamSettings(name="one", url=upstream.url),)
    )
    source = OneGuard(guard(BLOCKS) if section == "blocks" else guard())
    running = Served(application_of(settings, source, contracts=apis))
    yield running
    running.stop()


@pytest.mark.parametrize("section", ["redacts"], indirect=True)
def test_what_passes(served: Served, upstream: Upstream) -> None:
    """Redacted, and said to be valid; the upstream sees a plain request."""
    upstream.answer = lambda _: whole(chat(f"ask {MAIL}"))
    url = f"{served.url}/guards/output/openai/v1"
    with openai.OpenAI(api_key="none", base_url=url, max_retries=0) as client:
        answer = client.chat.completions.create(model="m", messages=USER)
        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(model="m", messages=[{"role": "user", "content": CARD}])

    assert answer.choices[0].message.content == "ask <EMAIL_ADDRESS>"
    assert answer.to_dict()["guardrails"] == PASSED
    assert caught.value.body["code"] == "content_filter"  # type: ignore[index]
    assert [each.path for each in upstream.asked] == ["/v1/chat/completions"]


def test_streams(served: Served, upstream: Upstream, section: str) -> None:
    """Each event says how it stands, the last one how it ended; and nothing of a value leaves."""
    upstream.answer = lambda _: events(chunks(["ask jo", "hn@exam", "ple.com", " now"]))
    url = f"{served.url}/guards/output/openai/v1"
    with openai.OpenAI(api_key="none", base_url=url, max_retries=0) as client:
        stream = client.chat.completions.create(model="m", messages=USER, stream=True)
        found = [each.to_dict() for each in stream]

    text = "".join(e["choices"][0]["delta"].get("content") or "" for e in found)
    assert text == ("ask <EMAIL_ADDRESS> now" if section == "redacts" else "ask ")
    assert all("guardrails" in each for each in found)
    assert found[-1]["guardrails"] == (PASSED if section == "redacts" else FAILED)


@pytest.mark.parametrize("section", ["blocks"], indirect=True)
def test_what_is_blocked(served: Served, upstream: Upstream) -> None:
    """It is said to have failed; other guards are not there."""
    upstream.answer = lambda _: whole(chat(f"ask {MAIL}"))
    body = {"model": "m", "messages": USER}
    with httpx.Client(base_url=served.url) as http:
        answer = http.post("/guards/input/openai/v1/chat/completions", json=body).json()
        other = http.post("/guards/mine/openai/v1/chat/completions", json=body)

    assert answer["guardrails"] == FAILED
    assert MAIL not in str(answer)
    assert other.status_code == 404
