"""OpenAI's moderations, asked by OpenAI's own client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI

from assaymark.guard.apis import application
from assaymark.guard.apis.moderations import SOURCES
from guard.asgi.conftest import served
from guard.conftest import scripted

from .conftest import MAIL, Asked, MakeAsked

PATH = "/v1/moderations"
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
TEXT = {"type": "text", "text": "good morning"}


@pytest.fixture(scope="module")
def client(asked: Asked) -> Iterator[OpenAI]:
    """OpenAI's client, of our server."""
    with (
        served(application(asked.guard)) as address,
        OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client,
    ):
        yield client


def test_the_real_client_reads_the_scores(client: OpenAI) -> None:
    """One result for each input; all thirteen categories, by the names of the API."""
    answer = client.moderations.create(input=["I will kill you all", "good morning"])

    bad, good = answer.results
    assert (bad.flagged, good.flagged) == (True, False)
    assert bad.category_scores.violence > 0.5 > good.category_scores.violence
    assert bad.categories.violence
    assert not good.categories.violence
    assert bad.category_applied_input_types.violence == ["text"]
    assert answer.id.startswith("modr-")


def test_every_map_has_the_thirteen_categories(asked: Asked) -> None:
    """Under the keys of the API."""
    _, answer = asked.post(PATH, {"input": "good morning", "model": "omni-moderation-latest"})
    (result,) = answer["results"]

    assert len(SOURCES) == 13
    for name in ("categories", "category_scores", "category_applied_input_types"):
        assert set(result[name]) == set(SOURCES)


def test_what_no_detector_tells_apart_is_not_said_to_be_judged(asked: Asked) -> None:
    """No input type was looked at for it."""
    _, answer = asked.post(PATH, {"input": "good morning"})
    applied = answer["results"][0]["category_applied_input_types"]

    assert {name for name, kinds in applied.items() if not kinds} == {
        "self-harm/instructions",
        "self-harm/intent",
        "sexual/minors",
        "violence/graphic",
    }


def test_what_the_policy_minds_is_flagged_though_no_category_is(asked: Asked) -> None:
    """A value that the policy redacts must not pass as it is."""
    _, answer = asked.post(PATH, {"input": f"write to {MAIL}"})
    (result,) = answer["results"]

    assert result["flagged"]
    assert not any(result["categories"].values())
    assert result["assaymark"]["findings"][0]["entity"] == "EMAIL_ADDRESS"


def test_parts_are_one_input(client: OpenAI) -> None:
    """Several texts together have one result."""
    answer = client.moderations.create(input=[TEXT, {"type": "text", "text": "I will kill you"}])

    assert [each.flagged for each in answer.results] == [True]


@pytest.mark.parametrize("parts", [[IMAGE], [TEXT, IMAGE]])
def test_an_image_is_refused(client: OpenAI, parts: list[Any]) -> None:
    """Nothing looks at it, so there is no score, not even 0."""
    with pytest.raises(openai.BadRequestError) as caught:
        client.moderations.create(input=parts)

    assert caught.value.code == "not_inspectable"
    assert caught.value.param == "input"


def test_where_the_policy_lets_images_pass_the_text_beside_them_is_scored(ask: MakeAsked) -> None:
    """And the answer says that the image was not; alone it is refused all the same."""
    asked = ask("{uninspected: allow, deadline_ms: 60000, input: [{detector: harm, do: flag}]}")

    status, answer = asked.post(PATH, {"input": [TEXT, IMAGE]})
    alone, error = asked.post(PATH, {"input": [IMAGE]})

    (result,) = answer["results"]
    assert (status, alone) == (200, 400)
    assert result["category_applied_input_types"]["violence"] == ["text"]
    assert [each["field"] for each in result["assaymark"]["unjudged"]] == ["/content/1"]
    assert error["error"]["message"] == "an input holds no text"


def test_a_policy_without_a_detector_of_harm_refuses(ask: MakeAsked) -> None:
    """A clean answer would be a lie."""
    asked = ask("{input: [{detector: secrets, do: block}]}")

    status, answer = asked.post(PATH, {"input": "good morning"})

    assert status == 400
    assert answer == {
        "error": {
            "message": "the policy asks no detector that scores harm",
            "type": "invalid_request_error",
            "param": "input",
            "code": "not_inspectable",
        }
    }


def test_a_detector_that_knows_less_leaves_null_and_nothing(ask: MakeAsked) -> None:
    """`illicit` may be null in this API; the others have no input type."""
    asked = ask(
        "{input: [{detector: scripted, do: flag}]}",
        extra={"scripted": scripted(lambda _: 0.7, scores=True)},
    )

    _, answer = asked.post(PATH, {"input": "a"})
    (result,) = answer["results"]

    assert result["flagged"]
    assert result["categories"]["illicit"] is None
    assert result["category_scores"]["hate"] == 0.0
    assert not any(result["category_applied_input_types"].values())


def test_a_text_that_could_not_be_judged_has_no_input_type(ask: MakeAsked) -> None:
    """It is flagged where the policy blocks it; the answer says in either case that nobody judged."""

    def judge(text: str) -> Any:
        raise ValueError(text)

    extra = {"scripted": scripted(judge, scores=True)}
    closed = ask("{input: [{detector: scripted, do: flag, on_error: block}]}", extra=extra)
    opened = ask("{input: [{detector: scripted, do: flag}]}", extra=extra)

    _, blocked = closed.post(PATH, {"input": "a"})
    _, passed = opened.post(PATH, {"input": "a"})

    for answer, flagged in ((blocked, True), (passed, False)):
        (result,) = answer["results"]
        assert result["flagged"] == flagged
        assert not any(result["category_applied_input_types"].values())
        assert [each["passed"] for each in result["assaymark"]["unjudged"]] == [not flagged]


def test_a_text_that_the_model_cannot_read_is_no_clean_one(asked: Asked) -> None:
    """The model that ships knows words; where there is none it says so, and no category was looked at."""
    _, answer = asked.post(PATH, {"input": ["\u0c83\u1a0f", "good morning"]})
    odd, plain = answer["results"]

    assert (odd["flagged"], plain["flagged"]) == (False, False)
    assert odd["category_applied_input_types"]["violence"] == []
    assert plain["category_applied_input_types"]["violence"] == ["text"]
    (lapse,) = odd["assaymark"]["unjudged"]
    assert (lapse["detector"], lapse["passed"]) == ("harm", True)
