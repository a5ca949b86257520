"""What a proxy takes: requests of clients, answers of upstreams, whole and in pieces, and its settings."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from assaymark.errors import UsageError
from assaymark.guard.proxy.settings_file import SettingsFileError, load_settings, parse_settings
from fuzz import workplace
from fuzz.guarding import guard_at_work
from fuzz.target import Target
from guard.proxy.fields import FIELDS, Field
from guard.proxy.in_process import InProcess, Script

_PIECES = 3
_OUR_FAULT = 500
_TEXT = "password = x8Kq2Lm9Zt4Rw7 so"
_JSON = json.dumps({"password": "x8Kq2Lm9Zt4Rw7"})
_BY_PATH = {each.path: each for each in FIELDS.values()}


def requests_with(text: str, arguments: str) -> dict[str, object]:
    """Return a request of each API that holds `text` and `arguments` wherever it may."""
    return {
        "/v1/chat/completions": {
            "model": "m",
            "n": 2,
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "text", "text": text}, {"type": "image_url"}],
                },
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "a b",
                            "type": "function",
                            "function": {"name": "x", "arguments": arguments},
                        },
                        {"id": "c", "type": "custom", "custom": {"name": "y", "input": text}},
                    ],
                },
                {"role": "tool", "tool_call_id": "c", "content": text},
            ],
            "tools": [{"type": "function", "function": {"name": "y", "parameters": {}}}],
            "user": text,
            "metadata": arguments,
            "new": {"key": [text]},
        },
        "/v1/completions": {"model": "m", "prompt": [text, "b"], "suffix": text, "echo": True},
        "/v1/embeddings": {"model": "m", "input": [text, [1, 2]]},
        "/v1/responses": {
            "model": "m",
            "instructions": text,
            "previous_response_id": "resp_1",
            "input": [
                {
                    "role": "user",
                    "content": [{"type": "input_text", "text": text}, {"type": "input_image"}],
                },
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": text}]},
                {"type": "function_call", "name": "x", "call_id": "c", "arguments": arguments},
                {"type": "function_call_output", "call_id": "c", "output": text},
                {"type": "web_search_call", "action": {"query": text}},
                {"type": "item_reference", "id": "i"},
            ],
        },
        "/v1/messages": {
            "model": "m",
            "max_tokens": 4,
            "system": [{"type": "text", "text": text}],
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": text, "cache_control": {"type": "ephemeral"}},
                        {"type": "image", "source": {}},
                        {
                            "type": "document",
                            "source": {"type": "text", "media_type": "text/plain", "data": text},
                        },
                    ],
                },
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": text, "signature": "c2k="},
                        {"type": "tool_use", "id": "t", "name": "x", "input": {"password": text}},
                    ],
                },
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "t", "content": text}],
                },
            ],
        },
    }


_REQUESTS = requests_with(_TEXT, _JSON)
"""A request of each API that holds whatever it may."""


def _asked(path: str) -> Callable[[bytes], None]:
    async def ask(data: bytes) -> None:
        got = await InProcess(guard_at_work()).ask(path, data, Script([b"{}"]))
        assert got.status != _OUR_FAULT

    return lambda data: asyncio.run(ask(data))


_LISTED = b"""\
{"data": [{"id": "gpt-4o", "created": 1721172741, "owned_by": "system"},
{"type": "model", "id": "claude", "created_at": "2025-09-29T00:00:00Z"}, {"id": 7}]}
"""


def _models(data: bytes) -> None:
    async def ask() -> None:
        proxy = InProcess(guard_at_work())
        for headers in ((), ((b"anthropic-version", b"2023-06-01"),)):
            for path in ("/v1/models", "/v1/models/gpt-4o"):
                got = await proxy.ask(path, b"", Script([data]), headers, method="GET")
                assert got.status in {200, 404, 503}
                json.loads(got.body)

    asyncio.run(ask())


def _answered(data: bytes, path: str, kind: str, pieces: int) -> tuple[int, bytes]:
    async def ask() -> tuple[int, bytes]:
        size = len(data) // pieces + 1
        cut = [data[at : at + size] for at in range(0, len(data), size)]
        field = _BY_PATH.get(path)
        request = {"model": "m", "input": "hi"} if field is None else field.request
        got = await InProcess(guard_at_work()).ask(path, request, Script(cut, kind=kind))
        assert got.status != _OUR_FAULT
        assert b"internal_error" not in got.body
        return got.status, got.body

    return asyncio.run(ask())


def _whole(path: str) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        _answered(data, path, "application/json", 1)

    return run


def _streamed(path: str) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        whole = _answered(data, path, "text/event-stream", 1)
        cut = _answered(data, path, "text/event-stream", _PIECES)
        # What is refused before anything has left has a status of its own; how much has left may differ.
        assert cut == whole or b"upstream_" in whole[1] + cut[1], "cuts play a part"

    return run


def _fields(path: str) -> list[Field]:
    return [each for each in FIELDS.values() if each.path == path]


def _wholes(path: str) -> tuple[bytes, ...]:
    texts = [(each, _JSON if each.is_json else _TEXT) for each in _fields(path)]
    found = [json.dumps(each.whole(text)).encode() for each, text in texts]
    vector = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}]}
    return tuple(found) or (json.dumps(vector).encode(),)


def _streams(path: str) -> tuple[bytes, ...]:
    texts = [(each, _JSON if each.is_json else _TEXT) for each in _fields(path)]
    return tuple(b"".join(each.stream([text[:16], text[16:]])) for each, text in texts)


_SETTINGS = b"""\
apiVersion: assaymark/v1
kind: Serve
policy: policy.yaml
listen: {host: 0.0.0.0, port: 0, certificate: c, private_key: k, client_authority: a}
keys:
  - {name: a, sha256: abababababababababababababababababababababababababababababababab, tenant: t}
  - {name: b, scrypt:
      "$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
trust: {tenant_header: x-tenant, from: [127.0.0.1/32, "::1"]}
upstreams:
  - {url: "https://x.org/v1", key: {env: KEY}, key_header: api-key, weight: 3, models: [m], apis: [a]}
  - {url: "https://y.org", certificate: c, private_key: k, via: {url: "http://p.org:80", authority: a}}
  - {url: "http://localhost:80/v1", key: {file: key.txt}, allow_plain_http: true}
timeouts: {connect: 1, first_byte: 2.5, idle: 3, total: 4}
resilience: {attempts: 1, failures: 2, rest: 3}
limits: {request: 1, answer: 2, headers: 3, seconds: 4, concurrent: 5, waiting: 0, patience: 7}
pseudonyms: {key: redaction.key, vault: vault.sqlite, lives: 30d}
apis: [a]
contracts: true
forward_keys: true
"""


def _load(data: bytes) -> None:
    folder = workplace.folder()
    (folder / "key.txt").write_text("secret")
    (folder / "serve.yaml").write_bytes(data)
    load_settings(folder / "serve.yaml", {"KEY": "secret"})
    parse_settings(data, "serve.yaml", folder, {"KEY": "secret"})


_WORDS = (
    *(b'"role"', b'"content"', b'"type"', b'"text"', b'"index"', b'"delta"', b"data: ", b"\n\n"),
    *(b'"tool_calls"', b'"function"', b'"arguments"', b'"name"', b"[DONE]", b'"finish_reason"'),
    *(b'"output"', b'"item"', b'"part"', b'"response"', b'"choices"', b'"message"', b"event: "),
    *(b"null", b"7", b"[]", b"{}", b'"output_index": 1', b'"partial_json"', b'"refusal"'),
)

PROXYING: tuple[Target, ...] = (
    *(
        Target(
            name=f"proxy.request{path.replace('/', '.')}",
            run=_asked(path),
            seeds=lambda path=path: (json.dumps(_REQUESTS[path]).encode(),),  # type: ignore[misc]
            refuses=(),
            reads=("guard.proxy.reading:request_object",),
            words=_WORDS,
        )
        for path in _REQUESTS
    ),
    *(
        Target(
            name=f"proxy.answer{path.replace('/', '.')}",
            run=_whole(path),
            seeds=lambda path=path: _wholes(path),  # type: ignore[misc]
            refuses=(),
            reads=("guard.proxy.reading:answered",),
            words=_WORDS,
        )
        for path in _REQUESTS
    ),
    *(
        Target(
            name=f"proxy.stream{path.replace('/', '.')}",
            run=_streamed(path),
            seeds=lambda path=path: _streams(path),  # type: ignore[misc]
            refuses=(),
            reads=("guard.proxy.dialect:data_of",),
            words=_WORDS,
        )
        for path in _BY_PATH
    ),
    Target(
        name="proxy.models",
        run=_models,
        seeds=lambda: (_LISTED,),
        refuses=(),
        reads=("guard.proxy.models:_told", "guard.proxy.models:_second"),
        words=(b'"id"', b'"created_at"', b'"created"', b'"owned_by"', b'"data"', b"1e400"),
    ),
    Target(
        name="proxy.settings",
        run=_load,
        seeds=lambda: (_SETTINGS,),
        refuses=(SettingsFileError, UsageError),
        reads=(
            "guard.proxy.settings_file:parse_settings",
            "guard.proxy.key_digests:parse",
            "guard.proxy.key_digests:_decoded",
        ),
        words=(
            b"upstreams",
            b"keys",
            b"url: ",
            b"http://",
            b"@",
            b"\n  - ",
            b"limits",
            b"$scrypt$ln=15,r=8,p=1$",
            b"trust",
            b"via",
            b"{env: X}",
        ),
    ),
)
