"""What the APIs of a guard take: a path in the first line, and the body of a request."""

from __future__ import annotations

import asyncio
import functools
import json
from typing import Any

from assaymark.detectors.pii.ad_hoc import AdHocRecognizers
from assaymark.guard.apis import Call, apis
from assaymark.guard.apis.serving import Routes
from fuzz.guarding import guard_at_work
from fuzz.target import Target

_ANSWERS = frozenset({200, 400, 403, 404, 413, 415, 422})
_KEY = "WmZq4t7w!z%C&F)J"
_PLACE = {"start": 0, "end": 4, "entity_type": "A", "score": 1}


def _run(data: bytes) -> None:
    first, _, body = data.partition(b"\n")
    methods, parameters = Routes(apis(guard_at_work())).find(first.decode("latin-1"))
    headers = {"content-type": "application/json"}
    call = Call(path_parameters=parameters, headers=headers, body=body)
    if "POST" in methods:
        reply = asyncio.run(methods["POST"].answer(call))
        assert reply.status in _ANSWERS, "it is answered, or refused as the client's fault"
        json.loads(reply.body)


def _seed(path: str, document: Any) -> bytes:
    return f"{path}\n{json.dumps(document)}".encode()


_OWN = {"supported_entity": "A", "patterns": [{"name": "a", "regex": "a+b", "score": 0.5}]}


@functools.cache
def _warm() -> None:
    """Load Presidio, whose size is no fault of the input that needs it first."""
    AdHocRecognizers([_OWN]).add("en", ["aab"], [[]])


def _seeds() -> tuple[bytes, ...]:
    _warm()
    encrypted = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    decrypt = {"DEFAULT": {"type": "decrypt", "key": _KEY}}
    message = {"role": "user", "content": "hi"}
    return (
        _seed("/v1/check", {"document": {"a": ["b"]}, "fields": "a[*]"}),
        _seed("/v1/moderations", {"input": [{"type": "text", "text": "hi"}]}),
        _seed("/analyze", {"text": "aab", "language": "en", "ad_hoc_recognizers": [_OWN]}),
        _seed("/anonymize", {"text": "text", "analyzer_results": [_PLACE]}),
        _seed(
            "/deanonymize",
            {
                "text": encrypted,
                "anonymizer_results": [{**_PLACE, "end": len(encrypted)}],
                "deanonymizers": decrypt,
            },
        ),
        _seed(
            "/beta/litellm_basic_guardrail_api",
            {"input_type": "request", "texts": ["hi"], "structured_messages": [message]},
        ),
        _seed("/guards/output/validate", {"llmOutput": "hi"}),
        _seed("/analyze/prompt", {"prompt": "hi", "scanners_suppress": []}),
    )


CALLING: tuple[Target, ...] = (
    Target(
        name="guard.apis",
        run=_run,
        seeds=_seeds,
        refuses=(),
        reads=(
            "guard.apis.reading:document_of",
            "guard.apis.reading:read",
            "detectors.pii.ad_hoc:_recognizer",
            "redaction.aes_cbc:decrypt",
        ),
        words=(
            *(b'"text"', b'"start"', b'"end"', b'"type"', b'"role"', b'"messages"', b'"mask"'),
            *(b'"encrypt"', b'"regex"', b'"deny_list"', b'"tool_calls"', b'"tools"', b"/analyze\n"),
        ),
    ),
)
