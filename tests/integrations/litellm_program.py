"""
What LiteLLM does with our APIs and with our guardrail, run where LiteLLM is installed.

    python litellm_program.py ADDRESS POLICY

Prints one JSON object, by which `test_litellm.py` judges.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import litellm
from litellm.caching import DualCache
from litellm.proxy._types import UserAPIKeyAuth
from litellm.proxy.guardrails.guardrail_hooks.generic_guardrail_api import GenericGuardrailAPI
from litellm.proxy.guardrails.guardrail_hooks.guardrails_ai import GuardrailsAI
from litellm.proxy.guardrails.guardrail_hooks.presidio import _OPTIONAL_PresidioPIIMasking
from litellm.proxy.guardrails.guardrail_hooks.unified_guardrail.unified_guardrail import (
    UnifiedLLMGuardrails,
)
from litellm.types.utils import ModelResponse, ModelResponseStream

from assaymark.integrations.litellm import AssaymarkGuardrail

ADDRESS, POLICY = sys.argv[1:]
MAIL, CARD = "john@example.com", "4111 1111 1111 1111"
TEXT = f"Write to {MAIL}, she knows."
KEY = UserAPIKeyAuth(api_key="88dc", request_route="/v1/chat/completions")
ALWAYS: dict[str, Any] = {"default_on": True, "event_hook": ["pre_call", "post_call"]}


def request(text: Any, **more: Any) -> dict[str, Any]:
    """A request as LiteLLM's proxy has it."""
    return {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": text}],
        "metadata": {"user_api_key_hash": "88dc"},
        "litellm_call_id": "c7f5c9f0-5f9f-4d5b-9a51-4a8a43f0d5f1",
        "proxy_server_request": {"url": "http://127.0.0.1/", "headers": {}},
        **more,
    }


def answer(message: dict[str, Any]) -> ModelResponse:
    """An answer as LiteLLM has it."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return ModelResponse(id="chatcmpl-1", model="gpt-4o", choices=[choice])


async def chunks(*deltas: dict[str, Any]) -> Any:
    """A stream as LiteLLM has it."""
    for n, delta in enumerate(deltas):
        reason = "stop" if n == len(deltas) - 1 else None
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        yield ModelResponseStream(id="chatcmpl-1", model="gpt-4o", choices=[choice])


def cut(text: str, size: int = 3) -> list[dict[str, Any]]:
    """The deltas of a text in small pieces, and the last one."""
    return [*({"content": text[at : at + size]} for at in range(0, len(text), size)), {}]


async def streamed(stream: Any) -> dict[str, Any]:
    """What a client puts together from a stream."""
    found: dict[str, Any] = {"content": "", "arguments": "", "reason": None}
    try:
        async for each in stream:
            for choice in each.choices:
                found["content"] += choice.delta.content or ""
                for call in choice.delta.tool_calls or ():
                    found["arguments"] += call.function.arguments or ""
                found["reason"] = choice.finish_reason or found["reason"]
    except Exception as error:  # noqa: BLE001 - whatever LiteLLM makes of it
        found["error"] = told(error)
    return found


def told(error: Exception) -> str:
    """An error as its reader sees it."""
    return f"{type(error).__name__}: {getattr(error, 'detail', error)}"


async def outcome(awaitable: Any) -> Any:
    """What comes of a call."""
    try:
        return await awaitable
    except Exception as error:  # noqa: BLE001 - whatever LiteLLM makes of it
        return told(error)


async def presidio() -> dict[str, Any]:
    """LiteLLM's own hook for Presidio, with our server in its place."""
    hook = _OPTIONAL_PresidioPIIMasking(
        presidio_analyzer_api_base=ADDRESS,
        presidio_anonymizer_api_base=ADDRESS,
        pii_entities_config={"EMAIL_ADDRESS": "MASK", "CREDIT_CARD": "BLOCK"},
        guardrail_name="presidio",
        default_on=True,
        event_hook="pre_call",
    )

    async def asked(text: str) -> Any:
        data = request(text)
        new = await outcome(hook.async_pre_call_hook(KEY, DualCache(), data, "completion"))
        return new["messages"] if isinstance(new, dict) else new

    return {"mask": await asked(f"I am {MAIL}"), "block": await asked(f"pay {CARD}")}


async def generic() -> dict[str, Any]:
    """LiteLLM's generic guardrail API, with our server behind it."""
    hook = GenericGuardrailAPI(
        api_base=ADDRESS,
        guardrail_name="generic",
        streaming_transform_mode="incremental_diff",
        streaming_sampling_rate=1,
        **ALWAYS,
    )
    unified = UnifiedLLMGuardrails()

    async def asked(data: dict[str, Any]) -> Any:
        data["guardrail_to_apply"] = hook
        return await outcome(unified.async_pre_call_hook(KEY, DualCache(), data, "acompletion"))

    async def answered(message: dict[str, Any]) -> Any:
        data = request("hi", guardrail_to_apply=hook)
        new = await outcome(unified.async_post_call_success_hook(data, KEY, answer(message)))
        return new.choices[0].message.content if isinstance(new, ModelResponse) else new

    def stream(*deltas: dict[str, Any]) -> Any:
        data = request("hi", stream=True)
        return unified.async_post_call_streaming_iterator_hook(
            KEY, chunks(*deltas), data, guardrail_to_apply=hook
        )

    call = {
        "id": "1",
        "type": "function",
        "function": {"name": "f", "arguments": f'{{"a":"{MAIL}"}}'},
    }
    turns = request("why")
    turns["messages"] = [
        {"role": "user", "content": f"I am {MAIL}"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": MAIL, "tool_call_id": "1"},
    ]
    plain = await asked(request(f"I am {MAIL}"))
    whole = await asked(turns)
    blocked = await asked(request(f"pay {CARD}"))
    return {
        "request": plain["messages"][0]["content"],
        "turns": whole["messages"],
        "blocked": blocked,
        "response": await answered({"content": TEXT}),
        "blocked response": await answered({"content": f"pay {CARD}"}),
        "stream": await streamed(stream(*cut(TEXT))),
    }


async def validate() -> dict[str, Any]:
    """LiteLLM's hook for guardrails-ai, with our server in its place."""
    hook = GuardrailsAI(guard_name="input", api_base=f"{ADDRESS}/", guardrail_name="g", **ALWAYS)

    async def asked(text: str) -> Any:
        new = await outcome(
            hook.async_pre_call_hook(KEY, DualCache(), request(text), "acompletion")
        )
        return new["messages"] if isinstance(new, dict) else new

    return {"request": await asked(f"I am {MAIL}"), "blocked": await asked(f"pay {CARD}")}


async def own() -> dict[str, Any]:
    """Our guardrail in LiteLLM's process."""
    hook = AssaymarkGuardrail(policy=POLICY)

    async def asked(data: dict[str, Any], call_type: str = "acompletion") -> Any:
        return await outcome(hook.async_pre_call_hook(KEY, DualCache(), data, call_type))

    async def answered(message: dict[str, Any]) -> Any:
        given = answer(message)
        given._hidden_params = {"cost": 1}
        new = await outcome(hook.async_post_call_success_hook(request("hi"), KEY, given))
        if not isinstance(new, ModelResponse):
            return new
        return {**new.choices[0].model_dump(exclude_none=True), "hidden": new._hidden_params}

    def stream(*deltas: dict[str, Any], data: Any = None) -> Any:
        return hook.async_post_call_streaming_iterator_hook(
            user_api_key_dict=KEY,
            response=chunks(*deltas),
            request_data=data or request("hi", stream=True),
        )

    async def odd() -> Any:
        yield b"data: {}"

    first = {"index": 0, "id": "1", "type": "function", "function": {"name": "f", "arguments": ""}}
    pieces = ('{"a": "jo', 'hn@example.com"}')
    calls: list[dict[str, Any]] = [
        {"tool_calls": [first]},
        *({"tool_calls": [{"index": 0, "function": {"arguments": each}}]} for each in pieces),
        {},
    ]
    embedded = await asked({"model": "m", "input": [f"I am {MAIL}"]}, "aembedding")
    off = AssaymarkGuardrail(policy=POLICY, default_on=False)
    skipped = await off.async_pre_call_hook(KEY, DualCache(), request(MAIL), "acompletion")
    same = await off.async_post_call_success_hook(request("hi"), KEY, answer({"content": MAIL}))
    passing = off.async_post_call_streaming_iterator_hook(
        user_api_key_dict=KEY, response=chunks(*cut(MAIL)), request_data=request("hi")
    )
    return {
        "request": (await asked(request(f"I am {MAIL}")))["messages"],
        "kept": sorted(await asked(request("hi"))),
        "blocked": await asked(request(f"pay {CARD}")),
        "image": await asked(request([{"type": "image_url", "image_url": {"url": "x"}}])),
        "embedding": embedded["input"],
        "speech": await asked({"model": "m", "input": "a"}, "aspeech"),
        "streamed responses": await asked(
            {"model": "m", "input": "a", "stream": True}, "aresponses"
        ),
        "response": await answered({"content": TEXT}),
        "fine": await answered({"content": "fine"}),
        "blocked response": await answered({"content": f"pay {CARD} now"}),
        "odd response": await outcome(
            hook.async_post_call_success_hook(request("hi"), KEY, {"object": "odd"})
        ),
        "stream": await streamed(stream(*cut(TEXT))),
        "blocked stream": await streamed(stream(*cut(f"pay {CARD} now"))),
        "tool stream": await streamed(stream(*calls)),
        "short stream": await streamed(stream({"content": "a"}, {"content": "b"})),
        "odd stream": await streamed(
            hook.async_post_call_streaming_iterator_hook(
                user_api_key_dict=KEY, response=odd(), request_data=request("hi")
            )
        ),
        "off": [skipped["messages"][0]["content"], same.choices[0].message.content],
        "off stream": (await streamed(passing))["content"],
    }


async def main() -> None:
    """Print what everything does."""
    litellm.suppress_debug_info = True
    found = {
        "presidio": await presidio(),
        "generic": await generic(),
        "validate": await validate(),
        "own": await own(),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main())
