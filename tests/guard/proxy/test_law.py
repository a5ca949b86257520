"""
The streaming law through the proxy: for every API, every text that it streams, and every way of cutting it.

What a client puts together from a stream is what it gets of the whole answer, and no value is in either.
Texts are cut by the model, into events, and by the network, into chunks.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from typing import Any

import pytest

from guard.test_streaming_law import cut, every_cut

from .conftest import BLOCKS, MAIL, REDACTS, guard
from .fields import FIELDS, Field, events_of
from .in_process import InProcess, Script

TEXTS = {False: f"a {MAIL} z", True: json.dumps({"to": MAIL, "n": 1})}
SHORT = {False: "a x@y.org.", True: '{"a":"x@y.io"}'}
SECTIONS = {"redact": REDACTS, "block": BLOCKS}


async def whole(proxy: InProcess, field: Field, text: str) -> Any:
    """Return what a client gets of the whole answer."""
    body = json.dumps(field.whole(text)).encode()
    got = await proxy.ask(field.path, field.request, Script([body]))
    assert got.status == 200, got.body
    return got.json


async def streamed(
    proxy: InProcess, field: Field, pieces: Sequence[str], sizes: int = 0
) -> list[Any]:
    """Return the events that a client gets; `sizes` are the bytes of each chunk, or 0 for whole events."""
    data = field.stream(pieces)
    if sizes:
        joined = b"".join(data)
        data = [joined[n : n + sizes] for n in range(0, len(joined), sizes)]
    script = Script(data, kind="text/event-stream")
    return events_of(await proxy.ask(field.path, {**field.request, "stream": True}, script))


def same(field: Field, one: str, other: str) -> bool:
    """Return whether two texts say the same."""
    if not field.is_json or not (one and other) or one == other:
        return one == other
    return json.loads(one) == json.loads(other)


async def hold(proxy: InProcess, field: Field, text: str, cuts: Any, sizes: int = 0) -> None:
    """Hold the law for a text and some ways of cutting it."""
    document = await whole(proxy, field, text)
    expected = field.of_whole(document)
    is_blocked = field.blocked_whole(document)
    assert is_blocked or "<EMAIL_ADDRESS>" in expected
    for pieces in cuts:
        events = await streamed(proxy, field, pieces, sizes)
        together = field.of_stream(events)
        assert MAIL not in together
        assert "@" not in together
        assert field.ends_blocked(events) is is_blocked
        assert same(field, together, expected)


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("name", FIELDS)
def test_every_single_cut(section: str, name: str) -> None:
    """Wherever a text is cut in two, and character by character."""
    field = FIELDS[name]
    text = TEXTS[field.is_json]
    proxy = InProcess(guard(SECTIONS[section]))

    asyncio.run(hold(proxy, field, text, [*every_cut(text, 1), list(text)]))


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize(
    ("name", "most"),
    [("chat content", 3), ("anthropic text", 2), ("response text", 2), ("chat arguments", 2)],
)
def test_more_cuts(section: str, name: str, most: int) -> None:
    """All ways of cutting a short text at one, two or three places."""
    field = FIELDS[name]
    text = SHORT[field.is_json]
    proxy = InProcess(guard(SECTIONS[section]))

    asyncio.run(hold(proxy, field, text, every_cut(text, most)))


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("name", FIELDS)
def test_cuts_of_the_network(section: str, name: str) -> None:
    """Chunks that end within an event, a line, an escape or a character change nothing."""
    source = random.Random(11)
    field = FIELDS[name]
    text = json.dumps({"é": MAIL}) if field.is_json else f"é {MAIL} \N{PILE OF POO}"
    proxy = InProcess(guard(SECTIONS[section]))
    places = sorted(source.sample(range(1, len(text)), 4))

    for sizes in (1, 64):
        asyncio.run(hold(proxy, field, text, [cut(text, places)], sizes))
