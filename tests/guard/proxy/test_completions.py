"""Legacy completions and embeddings through the proxy, with OpenAI's own client."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from .conftest import BLOCKS, MAIL, Client
from .upstream import Upstream, events, whole


def completion(*texts: str, reason: str | None = "stop") -> dict[str, Any]:
    """A completion."""
    choices = [
        {"index": n, "text": each, "logprobs": {"tokens": [each]}, "finish_reason": reason}
        for n, each in enumerate(texts)
    ]
    return {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1,
        "model": "m",
        "choices": choices,
    }


def test_prompts_and_answers(client: Client, upstream: Upstream) -> None:
    """One prompt or several; token by token they are not said again."""
    upstream.answer = lambda _: whole(completion(f"ask {MAIL}", "no"))
    asking = client().completions

    got = asking.create(model="m", prompt=[f"I am {MAIL}", "hi"], suffix=f"by {MAIL}", logprobs=1)

    body = upstream.asked[0].body
    assert body["prompt"] == ["I am <EMAIL_ADDRESS>", "hi"]
    assert body["suffix"] == "by <EMAIL_ADDRESS>"
    assert [each.text for each in got.choices] == ["ask <EMAIL_ADDRESS>", "no"]
    assert [each.logprobs for each in got.choices] == [None, None]


def test_a_stream_of_two_choices(client: Client, upstream: Upstream) -> None:
    """Each is a text of its own; one is blocked, the other goes on."""

    def piece(index: int, text: str, reason: str | None = None) -> dict[str, Any]:
        choice = {"index": index, "text": text, "logprobs": None, "finish_reason": reason}
        return {**completion(), "choices": [choice]}

    upstream.answer = lambda _: events(
        [
            piece(0, "Dear jo"),
            piece(1, "all "),
            piece(0, f"{MAIL[2:]} yes"),
            piece(1, "well"),
            piece(0, "", "stop"),
            piece(1, "", "stop"),
        ]
    )

    texts, reasons = ["", ""], ["", ""]
    for each in client(BLOCKS).completions.create(model="m", prompt="hi", n=2, stream=True):
        for choice in each.choices:
            texts[choice.index] += choice.text
            reasons[choice.index] = choice.finish_reason or reasons[choice.index]

    assert texts == ["Dear ", "all well"]
    assert reasons == ["content_filter", "stop"]


@pytest.mark.parametrize("prompt", [[1, 2, 3], [[1, 2], [3]]])
def test_tokens_are_named(client: Client, upstream: Upstream, prompt: Any) -> None:
    """Nothing reads them: they are refused, or pass and are told."""
    upstream.answer = lambda asked: whole(
        completion("ok") if "prompt" in asked.body else embedding()
    )
    lenient = "{uninspected: allow, input: [{detector: pii, do: redact}]}"
    asks: list[Any] = [
        lambda asking: asking.completions.with_raw_response.create(model="m", prompt=prompt),
        lambda asking: asking.embeddings.with_raw_response.create(model="m", input=prompt),
    ]

    for ask in asks:
        with pytest.raises(openai.BadRequestError) as caught:
            ask(client())
        assert caught.value.code == "not_inspectable"
        assert ask(client(lenient)).headers["assaymark-unjudged"] == "request=fields"


def embedding() -> dict[str, Any]:
    """An answer of embeddings."""
    data = [{"object": "embedding", "index": 0, "embedding": "AACAPwAAAEA="}]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return {"object": "list", "model": "m", "data": data, "usage": usage}


def test_embeddings(client: Client, upstream: Upstream) -> None:
    """The embedding is that of the redacted text; its numbers are left alone."""
    upstream.answer = lambda _: whole(embedding())
    asking = client().embeddings

    got = asking.create(model="m", input=f"I am {MAIL}")
    asking.create(model="m", input=["hi", f"I am {MAIL}"])

    assert got.data[0].embedding == [1.0, 2.0]
    assert [each.body["input"] for each in upstream.asked] == [
        "I am <EMAIL_ADDRESS>",
        ["hi", "I am <EMAIL_ADDRESS>"],
    ]
