"""What is served answers everything, and says nothing of what it redacts, whatever comes from either side."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter

import pytest

from fuzz import everywhere
from fuzz.answers import Answers, values_in
from fuzz.proxying import requests_with
from fuzz.requests import Requests
from fuzz.served import CARD, MAIL, Answer, BrokenLawError, Request, Served
from guard.proxy.fields import FIELDS

BODIES, ANSWERS, PLACES = 500, 150, 120


def test_bodies() -> None:
    """No 500, nothing raised, and nothing quoted; an upstream gets no value."""
    made, statuses = Requests(7), Counter[int]()
    served = {way: Served(way) for way in ("block", "allow")}

    async def run() -> None:
        for number in range(BODIES):
            way = "block" if number % 3 else "allow"
            statuses[(await served[way].ask(made.next(), Answer())).status] += 1

    asyncio.run(run())

    assert {200, 400, 404, 405, 415, 422} <= set(statuses)


def test_answers() -> None:
    """Whatever an upstream answers: a client gets no value, put together as it likes."""
    made, served = Answers(7), Served()
    statuses = Counter[int]()

    async def run() -> None:
        for _ in range(ANSWERS):
            got = await served.ask(*made.next())
            statuses[got.status] += 1
            for text in values_in(got.body):
                served.demand_clean_text(text, "a client got a value")

    asyncio.run(run())

    assert {200, 502} <= set(statuses)


@pytest.mark.parametrize("path", requests_with("", ""))
def test_every_key_in_every_object_of_requests(path: str) -> None:
    """A share of them, another one for each API: no value goes on."""
    chance, served = random.Random(path), Served()
    spoiled = list(everywhere.spoiled_requests(path))

    async def run() -> None:
        for _, request in chance.sample(spoiled, min(PLACES, len(spoiled))):
            await served.ask(request, Answer())

    asyncio.run(run())

    assert len(spoiled) > PLACES // 3


@pytest.mark.parametrize("name", FIELDS)
def test_every_key_in_every_object_of_answers(name: str) -> None:
    """Likewise of whole answers and of events: no value leaves."""
    chance, served, field = random.Random(name), Served(), FIELDS[name]
    spoiled = [*everywhere.spoiled_answers(field), *everywhere.spoiled_streams(field)]

    async def run() -> None:
        for _, request, answer in chance.sample(spoiled, PLACES // 10):
            got = await served.ask(request, answer)
            for text in values_in(got.body):
                served.demand_clean_text(text, "a client got a value")

    asyncio.run(run())

    assert len(spoiled) > PLACES


def test_the_laws_can_fail() -> None:
    """A value that an upstream gets, and one that a client gets, are found."""
    served = Served()

    pieces = list(values_in(b'data: {"a": "4111 1111"}\n\ndata: {"a": " 1111 1111"}\n\n'))

    with pytest.raises(BrokenLawError, match="an upstream got a value"):
        served.demand_clean(json.dumps({"a": [f"by {MAIL}"]}).encode(), "an upstream got a value")
    assert CARD in pieces
    with pytest.raises(BrokenLawError, match="a client got a value"):
        served.demand_clean_text(CARD, "a client got a value")


def test_the_same_number_makes_the_same() -> None:
    """So that what was found can be found again."""

    def some(number: int) -> list[Request]:
        made = Requests(number)
        return [made.next() for _ in range(20)]

    assert some(3) == some(3)
    assert some(3) != some(4)
