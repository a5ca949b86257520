"""A request cannot say where it goes, or as whom: gateways behind the proxy would listen to it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .conftest import Kept, Serve
from .fields import USER
from .upstream import Upstream, chat, whole

ASK: dict[str, Any] = {"model": "m", "messages": USER}
CHAT = "/v1/chat/completions"
ELSEWHERE = "http://127.0.0.1:9/secret-path"


@pytest.mark.parametrize(
    ("field", "param"),
    [
        ({"api_base": ELSEWHERE}, "api_base"),
        ({"base_url": ELSEWHERE}, "base_url"),
        ({"sagemaker_base_url": ELSEWHERE}, "sagemaker_base_url"),
        ({"api_key": "k"}, "api_key"),
        ({"aws_bedrock_runtime_endpoint": ELSEWHERE}, "aws_bedrock_runtime_endpoint"),
        ({"s3_endpoint_url": ELSEWHERE}, "s3_endpoint_url"),
        ({"vertex_credentials": "{}"}, "vertex_credentials"),
        ({"azure_ad_token": "oidc/file"}, "azure_ad_token"),
        ({"user_config": {"model_list": []}}, "user_config"),
        ({"fallbacks": [{"model": "other", "api_base": ELSEWHERE}]}, "fallbacks"),
        ({"extra_headers": {"x-forward": ELSEWHERE}}, "extra_headers"),
        ({"mock_response": "unjudged"}, "mock_response"),
        ({"models": ["dearer"]}, "models"),
        ({"context_window_fallback_dict": {"m": "other"}}, "context_window_fallback_dict"),
        ({"headers": {"x-forward": ELSEWHERE}}, "headers"),
        ({"disable_guardrails": True}, "disable_guardrails"),
        ({"extra_body": {"api_base": ELSEWHERE}}, "extra_body.api_base"),
        ({"litellm_params": {"base_url": ELSEWHERE}}, "litellm_params.base_url"),
    ],
)
def test_a_way_of_its_own_is_refused(
    serve: Serve, upstream: Upstream, kept: Kept, field: dict[str, Any], param: str
) -> None:
    """It is answered by the field's name without its value, logged, and not sent on."""
    with httpx.Client(base_url=serve().url) as http:
        got = http.post(CHAT, json={**ASK, **field})

    assert got.status_code == 400
    error = got.json()["error"]
    assert (error["code"], error["param"]) == ("not_routable", param)
    assert "secret-path" not in got.text
    assert upstream.asked == []
    assert [each.outcome for each in kept.decisions] == ["not_routable"]


@pytest.mark.parametrize(
    "field",
    [
        {"metadata": {"endpoint": "checkout", "base_url": "page"}},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"api_key": {}}}}]},
        {"endpoints": 2, "my_api_keys": 1},
    ],
)
def test_what_only_looks_alike_passes(
    serve: Serve, upstream: Upstream, field: dict[str, Any]
) -> None:
    """What clients note for themselves, and parameters of tools, are theirs."""
    upstream.answer = lambda _: whole(chat("ok"))
    with httpx.Client(base_url=serve().url) as http:
        got = http.post(CHAT, json={**ASK, **field})

    assert got.status_code == 200
    assert len(upstream.asked) == 1
