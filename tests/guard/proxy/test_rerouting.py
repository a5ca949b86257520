"""A request cannot say where it goes, or as whom: gateways behind the proxy would listen to it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from anthropic.types.message_create_params import MessageCreateParamsBase as MessageParams
from openai.types.chat.completion_create_params import CompletionCreateParamsBase as ChatParams
from openai.types.completion_create_params import CompletionCreateParamsBase as CompletionParams
from openai.types.embedding_create_params import EmbeddingCreateParams as EmbeddingParams
from openai.types.responses.response_create_params import ResponseCreateParamsBase as ResponseParams

from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.rerouting import refuse_rerouting

from .conftest import Kept, Serve
from .fields import USER
from .upstream import Upstream, chat, whole

ASK: dict[str, Any] = {"model": "m", "messages": USER}
CHAT = "/v1/chat/completions"
ELSEWHERE = "http://127.0.0.1:9/secret-path"


def passes(document: dict[str, Any]) -> bool:
    """Return whether a request may say all that."""
    try:
        refuse_rerouting(document)
    except RefusedError:
        return False
    return True


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
        ({"provider": {"order": [], "upstream": ELSEWHERE}}, "provider.upstream"),
        ({"providerOptions": {"apiKey": "k"}}, "provider_options.apiKey"),
        ({"metadata": {"langfuse_host": ELSEWHERE}}, "metadata.langfuse_host"),
        ({"metadata": '{"langfuse_host": "x"}'}, "metadata.langfuse_host"),
        ({"disable_global_guardrails": True}, "disable_global_guardrails"),
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


FAMILIES = """
langfuse_host langfuse_public_key langfuse_secret_key langfuse_secret langfuse_environment_url
langsmith_base_url langsmith_project langsmith_tenant_id posthog_api_key posthog_api_url
posthog_host arize_api_key arize_space_key arize_space_id phoenix_project_name gcs_bucket_name
gcs_path_service_account humanloop_api_key braintrust_api_key braintrust_project braintrust_host
wandb_api_key weave_project_id opik_workspace opik_url lunary_public_key dd_api_key dd_site
dd_agent_host dd_agent_port newrelic_api_key newrelic_region slack_webhook_url slack_webhook
success_callback failure_callback callbacks input_callback service_callbacks callback_settings
logger_fn standard_callback_dynamic_params litellm_disabled_callbacks turn_off_message_logging
no-log router_settings litellm_settings general_settings environment_variables
disable_global_guardrails disable_global_guardrail guardrails guardrail_config guardrailConfig
opted_out_global_guardrails mock_response mock_timeout mock_testing_fallbacks fallbacks
default_fallbacks content_policy_fallbacks model_list model_config custom_llm_provider deployment_id
baseURL apiKey somebody_new_host somebody_new_api_key somebody_new_webhook_url user_api_key_metadata
azure_ad_token_provider client_secret tenant_id vertex_project aws_session_token preset_cache_key
"""


@pytest.mark.parametrize("name", FAMILIES.split())
def test_names_are_known_by_families(name: str) -> None:
    """What LiteLLM's proxy bans, what it reads besides, and what is called like these."""
    with pytest.raises(RefusedError) as refused:
        refuse_rerouting({**ASK, name: "x"})

    assert (refused.value.code, refused.value.param) == ("not_routable", name)


@pytest.mark.parametrize(
    "params",
    [
        ChatParams,
        ResponseParams,
        CompletionParams,
        EmbeddingParams,
        MessageParams,
    ],
)
def test_no_field_of_the_apis_is_refused(params: Any) -> None:
    """As their own clients declare them."""
    document = dict.fromkeys(params.__annotations__, "x")

    assert len(document) >= 5
    assert passes(document)


@pytest.mark.parametrize(
    "name",
    ["langfuse_session_id", "langfuse_prompt_version", "trace_id", "host", "page_url", "tags"],
)
def test_what_clients_note_for_themselves_passes(name: str) -> None:
    """In their metadata; a key that is longer than any name, too, wherever it stands."""
    assert passes({**ASK, "metadata": {name: "x"}, "a_" * 100_000 + "host": 1})
    assert not passes({**ASK, name: "x", "api_base": 1})


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
