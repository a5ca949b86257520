"""
Requests of every API that is served, changed below and above their JSON, and in what carries it.

The same number gives the same requests. tests/fuzz/test_served.py
"""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from fuzz.calling import CALLING
from fuzz.mutation import Mutator
from fuzz.proxying import requests_with
from fuzz.served import CARD, MAIL, SECRET, Request

_TEXT = f"write to {MAIL} or pay {CARD} so"
_CALL = json.dumps({"to": MAIL, "n": 1})
_OTHERS: Mapping[str, Any] = {
    "/v1/moderations": {"input": [{"type": "text", "text": _TEXT}, _TEXT]},
    "/v1/check": {
        "messages": [
            {"role": "user", "content": _TEXT},
            {"role": "assistant", "tool_calls": [{"function": {"arguments": _CALL}}]},
        ],
        "phase": "output",
        "session": MAIL,
    },
    "/analyze": {"text": _TEXT, "language": "en", "entities": ["EMAIL_ADDRESS"]},
    "/anonymize": {
        "text": _TEXT,
        "anonymizers": {"DEFAULT": {"type": "mask", "masking_char": "*", "chars_to_mask": 4}},
        "analyzer_results": [{"start": 0, "end": 4, "score": 0.5, "entity_type": "EMAIL_ADDRESS"}],
    },
    "/guards/input/validate": {"prompt": _TEXT, "messages": [{"role": "user", "content": _TEXT}]},
    "/analyze/output": {"prompt": _TEXT, "output": _TEXT, "scanners_suppress": ["x"]},
    "/scan/prompt": {"prompt": _TEXT},
}
_WORDS = (
    *(b'"role"', b'"content"', b'"type"', b'"text"', b'"messages"', b'"tools"', b'"input"', b'"n"'),
    *(b'"tool_calls"', b'"function"', b'"arguments"', b'"metadata"', b'"user"', b'"name"', b'"id"'),
    *(b'"image_url"', b'"file"', b'"input_audio"', b'"data:text/plain;base64,aGk="', b'"logprobs"'),
    *(b'"stream": true', b'"\\ud800"', b'"\\u0040"', b"null", b"7", b"1e400", b"-0", b"NaN"),
    *(
        b"[]",
        b"{}",
        MAIL.encode(),
        CARD.encode(),
        b'"entities"',
        b'"start"',
        b'"end"',
        b'"session"',
    ),
)
_PLACES = (
    *("/v1/chat/completions/", "/v1", "//v1/chat/completions", "/", "/v1/models", "/metrics"),
    *("/live", "/healthz", "/readyz", "/recognizers", "/supportedentities", "/guards/x/validate"),
    *("/guards/%2e%2e/validate", "/v1/chat/completions\0", f"/{MAIL}", "/openapi.json", "/docs"),
)
_KINDS = (
    *(b"application/json; charset=utf-8", b"application/vnd.x+json", b"application/json;", b"text/json"),
    *(b"application/json; charset=utf-16", b"text/plain", b"text/event-stream", b"", b"\xff\xfe", b";"),
    *(b"multipart/form-data; boundary=x", b"application/x-www-form-urlencoded", b"application/JSON"),
)  # fmt: skip
_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    *((b"content-length", each) for each in (b"-1", b"0", b"9" * 5_000, b"x", b"\xb2", b"1e3")),
    (b"authorization", b"Bearer " + SECRET.encode()),
    (b"x-api-key", SECRET.encode()),
    (b"assaymark-tenant", b"other\xff"),
    (b"assaymark-session", MAIL.encode()),
    (b"assaymark-session", b"\xff" * 300),
    (b"anthropic-version", MAIL.encode()),
    (b"openai-beta", CARD.encode()),
    (b"x-request-id", f"{MAIL}\r\nx: y".encode()),
    (b"host", b"169.254.169.254"),
    (b"expect", b"100-continue"),
    (b"transfer-encoding", b"chunked"),
    (b"x-long", b"x" * 40_000),
    (b"content-type", b"application/json"),
)
_UNREAD = ("image_url", "input_image", "image", "item_reference")
_ELSEWHERE = ("previous_response_id",)
_QUERIES = (
    *(b"api-version=2024-10-21", b"beta=true", b"x=1", f"api-version={CARD}".encode(), b"%ff=%00"),
    *(f"beta={MAIL}".encode(), b"&&&", b"=", b"every=5", b"api-version=" + b"1" * 500),
)


def readable(value: Any) -> Any:
    """Return a request without what nothing reads, and what policies refuse for that."""
    if isinstance(value, dict):
        return {key: readable(each) for key, each in value.items() if key not in _ELSEWHERE}
    if isinstance(value, list):
        return [readable(each) for each in value if not _is_unread(each)]
    return value


def _is_unread(value: Any) -> bool:
    kind = value.get("type") if isinstance(value, dict) else ""
    return kind in _UNREAD or (isinstance(value, list) and all(isinstance(n, int) for n in value))


class Requests:
    """Makes requests.

    Args:
        number: The same number gives the same ones.
    """

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)
        served = requests_with(_TEXT, _CALL)
        known = [*served.items(), *_OTHERS.items()]
        known += [(path, readable(each)) for path, each in served.items()] * 2
        self._seeds = [(path, json.dumps(each).encode()) for path, each in known]
        for seed in CALLING[0].seeds():
            path, _, body = seed.partition(b"\n")
            self._seeds.append((path.decode(), body))
        bodies = [body for _, body in self._seeds]
        self._mutators = [Mutator([body], _WORDS, number + n) for n, body in enumerate(bodies)]
        self._breaks: tuple[Callable[[bytes], bytes], ...] = (
            *(self._deep, self._twice, self._surrogate, self._number, self._coded, self._behind),
            *(self._not_utf8, self._truncated, self._many),
        )

    def next(self) -> Request:
        """Return a new request."""
        at = self._random.randrange(len(self._seeds))
        path, body = self._seeds[at]
        chance = self._random.random()
        if chance < 0.75:
            body = self._mutators[at].changed(body)
        if chance > 0.65:
            body = self._random.choice(self._breaks)(body)
        request = Request(path=path, pieces=[body])
        while self._random.random() < 0.25:
            self._carry(request)
        return request

    # -- below the JSON

    def _deep(self, body: bytes) -> bytes:
        depth = self._random.choice((30, 100, 1_000, 100_000))
        left, right = self._random.choice(((b"[", b"]"), (b'{"a":', b"}")))
        at = body.find(b":") + 1
        return body[:at] + left * depth + b"1" + right * depth + b"," + body[at:]

    def _twice(self, body: bytes) -> bytes:
        return body[:1] + body[1:-1] + b"," + body[1:]

    def _surrogate(self, body: bytes) -> bytes:
        half = self._random.choice((b"\\ud83d", b"\\udc00\\ud800", b"\xed\xa0\x80"))
        return body.replace(b" ", half, self._random.randrange(1, 4))

    def _number(self, body: bytes) -> bytes:
        number = self._random.choice((b"9" * 6_000, b"1e999", b"-1e-999", b"0x1", b"01", b"4" * 16))
        at = body.rfind(b"}")
        return body[:at] + b',"n":' + number + body[at:]

    def _coded(self, body: bytes) -> bytes:
        codec = self._random.choice(("utf-16", "utf-32-le", "utf-8-sig", "utf-7"))
        return body.decode("utf-8", "replace").encode(codec)

    def _behind(self, body: bytes) -> bytes:
        return body + self._random.choice((b"\0", b"{}", b" ,", b"\r\n\r\nGET / HTTP/1.1\r\n\r\n"))

    def _not_utf8(self, body: bytes) -> bytes:
        at = self._random.randrange(len(body) + 1)
        return (
            body[:at] + self._random.choice((b"\xff", b"\xc0\xaf", b"\xf4\x90\x80\x80")) + body[at:]
        )

    def _truncated(self, body: bytes) -> bytes:
        return body[: self._random.randrange(len(body) + 1)]

    def _many(self, body: bytes) -> bytes:
        at = body.find(b"[") + 1
        each = self._random.choice((b'"a",', b"{},", b"null,", f'"{MAIL}",'.encode()))
        return body[:at] + each * self._random.choice((50, 2_000)) + body[at:]

    # -- what carries it

    def _carry(self, request: Request) -> None:
        """Change something about how a body comes."""
        choose = self._random.choice
        match self._random.randrange(8):
            case 0:
                coding = choose((b"gzip", b"deflate", b"br", b"identity", b"gzip, gzip", b"\xff"))
                pack = {b"gzip": gzip.compress, b"deflate": zlib.compress}.get(coding, bytes)
                request.pieces = [pack(b"".join(request.pieces))]
                request.headers.append((b"content-encoding", coding))
            case 1 | 2:
                request.pieces = self._cut(b"".join(request.pieces))
            case 3:
                request.headers = [(b"content-type", choose(_KINDS))]
            case 4:
                request.headers.append(choose(_HEADERS))
            case 5:
                request.query = choose(_QUERIES)
            case 6:
                request.breaks_off = True
            case _:
                request.method = choose(("GET", "PUT", "HEAD", "OPTIONS", "DELETE", "POST", "X"))
                if self._random.random() < 0.5:
                    request.path = choose(_PLACES)

    def _cut(self, body: bytes) -> list[bytes]:
        places = sorted(self._random.randrange(len(body) + 1) for _ in range(5))
        return [body[a:b] for a, b in zip([0, *places], [*places, len(body)], strict=True)]
