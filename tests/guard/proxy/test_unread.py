"""Where a policy lets pass what nothing reads, all that can be read beside it is judged, both ways."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest

from assaymark.guard.proxy.models import _ID, _OWNER

from .conftest import MAIL, REDACTS, Kept, guard
from .fields import FIELDS, USER, anthropic, anthropic_stream, message_item, response
from .in_process import Got, InProcess, Script
from .upstream import chat, chunk, event

LENIENT = "{uninspected: allow, input: [{detector: pii, do: redact}], output: [{detector: pii, do: redact}]}"
BYTES = base64.b64encode(bytes(range(256))).decode()
URL = f"data:image/png;base64,{BYTES}"
TEXT = f"ask {MAIL}"
CHAT, ANTHROPIC, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"


def chat_of(*parts: Any, **more: Any) -> dict[str, Any]:
    """A request with these parts."""
    return {"model": "m", "messages": [{"role": "user", "content": list(parts)}], **more}


def blocks(*parts: Any) -> dict[str, Any]:
    """A request to Anthropic with these blocks."""
    return {"max_tokens": 5, **chat_of(*parts)}


def items(*parts: Any, **more: Any) -> dict[str, Any]:
    """A request for a response."""
    return {"model": "m", "input": list(parts), **more}


def asked(path: str, document: Any, section: str = LENIENT) -> tuple[Got, Any, list[Any]]:
    """Return what the client got, what the upstream was asked, and what the decision names as unjudged."""
    kept = Kept()
    proxy = InProcess(guard(section), kept)
    got = asyncio.run(proxy.ask(path, document, Script([b"{}"])))
    named = [
        each["field"]
        for decision in kept.decisions
        for each in decision.to_plain()["unjudged"]
        if each["side"] == "request"
    ]
    return got, (proxy.upstreams.asked or [None])[0], named


REQUESTS: dict[str, tuple[str, Any, list[str]]] = {
    "sibling of an image": (
        CHAT,
        chat_of({"type": "image_url", "image_url": {"url": URL, "alt": TEXT}, "note": TEXT}),
        ["/messages/0/content/0/image_url/url"],
    ),
    "address of an image": (
        CHAT,
        chat_of({"type": "image_url", "image_url": {"url": f"https://x.org/?m={MAIL}"}}),
        ["/messages/0/content/0"],
    ),
    "name of a file": (
        CHAT,
        chat_of({"type": "file", "file": {"filename": TEXT, "file_data": URL}}),
        ["/messages/0/content/0/file/file_data"],
    ),
    "part that nobody knows": (
        CHAT,
        chat_of({"type": "weird", "text": TEXT, MAIL: {"deep": [TEXT]}}),
        ["/messages/0/content/0"],
    ),
    "transcript of a sound": (
        CHAT,
        chat_of({"type": "input_audio", "input_audio": {"data": BYTES, "transcript": TEXT}}),
        ["/messages/0/content/0/input_audio/data"],
    ),
    "sound of an earlier turn": (
        CHAT,
        {"model": "m", "messages": [*USER, {"role": "assistant", "audio": {"id": TEXT}}, *USER]},
        ["/messages/1/audio"],
    ),
    "voice of the answer": (CHAT, chat_of(audio={"voice": TEXT}), ["/audio"]),
    "source of a kind that nobody knows": (
        ANTHROPIC,
        blocks({"type": "document", "title": TEXT, "source": {"type": "new", "data": TEXT}}),
        ["/messages/0/content/0"],
    ),
    "page of a document": (
        ANTHROPIC,
        blocks({"type": "document", "title": TEXT, "source": {"type": "base64", "data": BYTES}}),
        ["/messages/0/content/0/source/data"],
    ),
    "image in what a tool says": (
        ANTHROPIC,
        blocks(
            {
                "type": "tool_result",
                "tool_use_id": "t",
                "content": [
                    {"type": "image", "source": {"type": "url", "url": f"https://x.org/{MAIL}"}}
                ],
            }
        ),
        ["/messages/0/content/0/content/0"],
    ),
    "block that nobody knows": (
        ANTHROPIC,
        blocks({"type": "weird", "text": TEXT, "thinking": TEXT, "input": {"a": TEXT}}),
        ["/messages/0/content/0"],
    ),
    "variables of a prompt": (
        RESPONSES,
        {
            "model": "m",
            "prompt": {
                "id": "pmpt_1",
                "variables": {"who": TEXT, "what": {"type": "input_text", "text": TEXT}},
            },
        },
        ["/prompt"],
    ),
    "bytes in variables of a prompt": (
        RESPONSES,
        {"model": "m", "prompt": {"variables": {"image_url": URL, "who": TEXT}}},
        ["/prompt/variables/image_url"],
    ),
    "reference that is none": (
        RESPONSES,
        items(*USER, previous_response_id=TEXT, conversation={"id": "c", "note": TEXT}),
        ["/previous_response_id", "/conversation"],
    ),
    "item that nobody knows": (RESPONSES, items({"type": "weird", "text": TEXT}), ["/input/0"]),
    "reference to an item": (
        RESPONSES,
        items({"type": "item_reference", "id": TEXT}),
        ["/input/0"],
    ),
    "name of an input file": (
        RESPONSES,
        items(
            {
                "role": "user",
                "content": [{"type": "input_file", "filename": TEXT, "file_data": URL}],
            }
        ),
        ["/input/0/content/0/file_data"],
    ),
    "what a computer shows": (
        RESPONSES,
        items({"type": "computer_call_output", "output": {"image_url": URL}, "text": TEXT}),
        ["/input/0/output/image_url"],
    ),
    "text beside tokens": ("/v1/embeddings", {"model": "m", "input": [TEXT, 1]}, ["/input"]),
    "text beside lists of tokens": (
        "/v1/completions",
        {"model": "m", "prompt": [[1], TEXT, [1, TEXT]]},
        ["/prompt"],
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_what_can_be_read_in_a_request(name: str) -> None:
    """It is judged, bytes go on as they are, and what passes unread is named."""
    path, document, named = REQUESTS[name]

    got, sent, found = asked(path, document)

    assert got.status == 200
    written = json.dumps(sent)
    assert MAIL not in written
    assert written.count("<EMAIL_ADDRESS>") == json.dumps(document).count(MAIL)
    assert written.count(BYTES) == json.dumps(document).count(BYTES)
    assert got.headers["assaymark-unjudged"] == "request=fields"
    assert got.headers["assaymark-request"] == "redact"
    assert found == named


@pytest.mark.parametrize("name", REQUESTS)
def test_by_default_it_is_refused(name: str) -> None:
    """Nothing is sent on."""
    path, document, _ = REQUESTS[name]

    got, sent, _ = asked(path, document, REDACTS)

    if name == "sound of an earlier turn":
        assert sent["messages"][1]["audio"] is None
        return
    error = got.json["error"]
    assert (got.status, error["code"], sent) == (400, "not_inspectable", None)


def test_a_number_among_tokens_is_read() -> None:
    """No vocabulary is so large."""
    got, sent, found = asked("/v1/embeddings", {"model": "m", "input": [4111111111111111]}, REDACTS)

    assert (got.status, found) == (400, [])
    assert got.json["error"]["code"] == "content_filter"
    assert sent is None


@pytest.mark.parametrize(
    "source",
    [
        {"type": "text", "media_type": "text/plain", "data": TEXT},
        {"type": "content", "content": TEXT},
        {"type": "content", "content": [{"type": "text", "text": TEXT}]},
    ],
)
def test_a_document_of_text_is_read(source: dict[str, Any]) -> None:
    """By default, too: it is a valid form, and there is nothing in it but text."""
    document = blocks({"type": "document", "title": TEXT, "source": source})

    got, sent, named = asked(ANTHROPIC, document, REDACTS)

    assert (got.status, named) == (200, [])
    assert sent == json.loads(json.dumps(document).replace(MAIL, "<EMAIL_ADDRESS>"))


def test_an_image_in_a_document_is_named() -> None:
    """What stands beside the texts of a document is what it is elsewhere."""
    image = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": BYTES},
    }
    source = {"type": "content", "content": [{"type": "text", "text": TEXT, "note": TEXT}, image]}

    refused, _, _ = asked(ANTHROPIC, blocks({"type": "document", "source": source}), REDACTS)
    _, sent, named = asked(ANTHROPIC, blocks({"type": "document", "source": source}))

    assert refused.status == 400
    assert MAIL not in json.dumps(sent)
    assert sent["messages"][0]["content"][0]["source"]["content"][1] == image
    assert named == ["/messages/0/content/0/source/content/1/source/data"]


# -- answers


def answered(path: str, script: Script, section: str = LENIENT) -> tuple[Got, list[str]]:
    """Return what the client got, and what the decision names as unjudged."""
    kept = Kept()
    field = {CHAT: "chat content", ANTHROPIC: "anthropic text", RESPONSES: "response text"}[path]
    request = {**FIELDS[field].request, "stream": script.kind != "application/json"}
    got = asyncio.run(InProcess(guard(section), kept).ask(path, request, script))
    (decision,) = kept.decisions
    return got, [each["field"] for each in decision.to_plain()["unjudged"]]


def whole(document: Any) -> Script:
    """An answer that comes as a whole."""
    return Script([json.dumps(document).encode()])


def streamed(events: Sequence[bytes]) -> Script:
    """An answer in pieces."""
    return Script(events, kind="text/event-stream")


def deltas(*several: Any) -> Script:
    """A streamed chat completion of these deltas."""
    done = [event(chunk({}, "stop")), b"data: [DONE]\n\n"]
    return streamed([*(event(chunk(each)) for each in several), *done])


SOUND = {"id": "audio_1", "data": BYTES, "transcript": TEXT, "expires_at": 1_763_000_000}
WHOLE: dict[str, tuple[str, Any]] = {
    "audio": (CHAT, chat({"role": "assistant", "content": None, "audio": SOUND})),
    "part that nobody knows": (
        CHAT,
        chat({"role": "assistant", "content": [{"type": "x", "y": TEXT}]}),
    ),
    "content that is an object": (CHAT, chat({"role": "assistant", "content": {"text": TEXT}})),
    "reasoning that is a list": (CHAT, chat({"role": "assistant", "reasoning": [TEXT]})),
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_can_be_read_in_an_answer(name: str) -> None:
    """It is judged, and what passes unread is told."""
    path, document = WHOLE[name]

    got, _ = answered(path, whole(document))
    refused, _ = answered(path, whole(document), REDACTS)

    assert got.status == 200
    assert got.json == json.loads(json.dumps(document).replace(MAIL, "<EMAIL_ADDRESS>"))
    assert got.headers["assaymark-unjudged"] == "response=fields"
    assert (refused.status, refused.json["error"]["code"]) == (502, "not_inspectable")


def test_a_transcript_that_is_blocked() -> None:
    """Ends the choice as any text of it does, and the sound that says it goes."""
    section = "{uninspected: allow, output: [{detector: pii, do: block}]}"
    script = whole(chat({"role": "assistant", "content": None, "audio": SOUND}))

    got, _ = answered(CHAT, script, section)

    (choice,) = got.json["choices"]
    assert choice["finish_reason"] == "content_filter"
    assert "audio" not in choice["message"]


def test_a_transcript_in_pieces() -> None:
    """Its pieces are one text, whatever stands between them; the sound goes on."""
    pieces = ["ask jo", "hn@exam", "ple.com", " now"]
    script = deltas(
        {"role": "assistant", "audio": {"id": "audio_1", "transcript": "so "}},
        *({"audio": {"transcript": each}} for each in pieces),
        {"audio": {"data": BYTES}},
        {"audio": {"data": BYTES[::-1].lstrip("=")}},
    )

    got, named = answered(CHAT, script)

    parts = [each["choices"][0]["delta"].get("audio", {}) for each in got.events[:-1]]
    assert "".join(each.get("transcript", "") for each in parts) == "so ask <EMAIL_ADDRESS> now"
    assert [each["data"] for each in parts if "data" in each] == [BYTES, BYTES[::-1].lstrip("=")]
    assert named == ["/audio", "/audio/data"]


def test_other_events_of_a_response() -> None:
    """A transcript is a text; in pieces of what nobody knows all that can be read is judged."""
    begun = {"type": "response.created", "response": {**response([]), "status": "in_progress"}}
    last = {"type": "response.completed", "response": response([message_item("ok")])}
    stem = "response.audio.transcript"
    events = [
        begun,
        *(
            {"type": f"{stem}.delta", "delta": each}
            for each in ["ask jo", "hn@example.com", " now"]
        ),
        {"type": "response.audio.delta", "delta": BYTES, "note": TEXT},
        {"type": f"{stem}.done"},
        {"type": "response.new.delta", "delta": TEXT},
        last,
    ]

    got, named = answered(RESPONSES, streamed([event(each) for each in events]))

    assert MAIL.encode() not in got.body
    said = [each["delta"] for each in got.events if each["type"] == f"{stem}.delta"]
    assert "".join(said) == "ask <EMAIL_ADDRESS> now"
    (sound,) = [each for each in got.events if each["type"] == "response.audio.delta"]
    assert (sound["delta"], sound["note"]) == (BYTES, "ask <EMAIL_ADDRESS>")
    assert [each["delta"] for each in got.events if each["type"] == "response.new.delta"] == [
        "ask <EMAIL_ADDRESS>"
    ]
    assert named == ["/delta"]


def test_blocks_that_nobody_knows() -> None:
    """Of an answer of Anthropic's: judged with all that is in them, whole and streamed."""
    block = {"type": "weird", "text": TEXT}
    events = anthropic_stream(block, [{"type": "weird_delta", "note": TEXT}])

    got, _ = answered(ANTHROPIC, whole(anthropic([block])))
    pieces, named = answered(ANTHROPIC, streamed([event(each) for each in events]))

    assert got.json["content"] == [{"type": "weird", "text": "ask <EMAIL_ADDRESS>"}]
    assert pieces.body.count(b"<EMAIL_ADDRESS>") == 2
    assert MAIL.encode() not in pieces.body
    assert named == ["/delta"]


# -- names of models


@pytest.mark.parametrize(
    ("name", "is_shown"),
    [
        ("gpt-4o-mini", True),
        ("org/other-7b:free", True),
        ("@cf/meta/llama-3-8b", True),
        ("claude-3-5-sonnet@20240620", True),
        ("publishers/google/models/x@001", True),
        ("o1", True),
        (MAIL, False),
        ("4111111111111111", False),
        ("536-22-1234", False),
        ("ask jane now", False),
        ("x" * 257, False),
    ],
)
def test_names_of_models(name: str, *, is_shown: bool) -> None:
    """They have a letter, and are no address of anybody."""
    assert (_ID.fullmatch(name) is not None) is is_shown


@pytest.mark.parametrize(
    ("name", "is_shown"),
    [("openai-internal", True), ("system", True), ("call jane now", False), (MAIL, False),
     ("536-22-1234", False), ("x" * 65, False)],
)  # fmt: skip
def test_names_of_owners(name: str, *, is_shown: bool) -> None:
    """They are one word."""
    assert (_OWNER.fullmatch(name) is not None) is is_shown
