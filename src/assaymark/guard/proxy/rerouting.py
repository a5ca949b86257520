"""
Requests that would choose where they go, or as whom, or who else gets to see them: they are refused.

An upstream may itself forward requests, as gateways do, and take an address, a key or a list of models from
their bodies. Then whoever may ask would lead them past the upstreams that the settings name. The same bodies
name services to which such a gateway reports what was said, and switch off guards that it has. Gateways
refuse most of these fields themselves, unless they were told otherwise; this does not rest on it.

Names are known by families, so that the next service is not let through because nobody has listed it: by
what a field is for (it ends in `_host`, `_api_key`, `_webhook_url` …) and by whose it is (`langfuse_…`). No
field of the APIs that are served belongs to one.

Source: LiteLLM, request parameters and those that its proxy bans (`auth_utils`, dynamic callback parameters).
tests/guard/proxy/test_rerouting.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assaymark.canonical import parse_strict
from assaymark.errors import EvidenceError
from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.faults import BLOCKED_STATUS

_INSIDE = frozenset(
    {"extra_body", "provider", "provider_options", "provider_specific_header"}
    | {"litellm_metadata", "litellm_params", "litellm_embedding_config"}
)
"""Objects whose fields gateways read like the request's."""

_OWN = frozenset({"metadata", "requester_metadata"})
"""The client's own, of which gateways read what belongs to services and guards."""

_OF = "(?:[a-z0-9]{1,24}_){0,3}"  # such as `azure_`
_PLACES = (
    f"{_OF}(?:api_base|base_url|api_url|endpoint|sts_endpoint|endpoint_url|deployment_url)"
    f"|{_OF}(?:host|hostname|server|url|uri|webhook|webhooks|webhook_urls?|webhook_events_filter)"
    f"|{_OF}callbacks?|{_OF}bucket(?:_name)?|proxy|proxies|headers|extra_headers|extra_query"
    "|use_ssl|ssl_verify|region_name|allowed_model_region|use_litellm_proxy|use_client|shared_session"
)
_IDENTITIES = (
    f"{_OF}(?:api_key|secret|secret_key|access_key|space_key|public_key|private_key|password)"
    f"|{_OF}(?:credentials?|credential_name|service_account|secret_fields)"
    f"|{_OF}(?:ad|auth|access|bearer|identity|session|security)_token(?:_provider)?"
    "|aws_[a-z_]{4,32}|azure_(?:scope|username|password)|vertex(?:_ai)?_(?:project|location)"
    "|organization|tenant_id|client_id|user_api_key(?:_[a-z_]+)?|(?:preset_)?cache_key"
)
_MODELS = (
    "user_config|model_list|models|model_config|model_info|(?:target_)?model_names|custom_llm_provider"
    f"|{_OF}fallbacks|{_OF}fallback_(?:models?|dict)|(?:specific_)?deployment(?:_id)?|model_group(?:_alias)?"
    "|configurable_clientside_auth_params|mock_[a-z_]+"
)
_SETTINGS = (
    "(?:router|litellm|general|callback|guardrail)_settings|callback_vars|environment_variables"
    "|standard_callback_dynamic_params|litellm_disabled_callbacks|logger_fn|log_raw_request_response"
    "|turn_off_message_logging|no_log"
)
_GUARDS = (
    "(?:[a-z]+_)*guardrails?(?:_(?:config|name|names|options))?|_[a-z_]*guardrails"
    "|disable_global_[a-z_]+"
)
_NOTES = (
    "prompt_version|prompt_label|sampling_rate|environment|tags"
    "|(?:parent_)?(?:trace|run|session|user)_[a-z_]+"
)
_SERVICES = (
    "(?:agentops|argilla|arize|athina|braintrust|cloudzero|datadog|dd|deepeval|dynamodb|galileo|gcs"
    "|generic_(?:api|logger)|greenscale|helicone|humanloop|lago|langfuse|langsmith|langtrace|levo"
    "|literalai|logfire|lunary|mlflow|newrelic|openmeter|opik|otel|pagerduty|phoenix|posthog|promptlayer"
    "|s3|sentry|slack|sqs|supabase|traceloop|wandb|weave)"
    f"_(?!(?:{_NOTES})$)[a-z0-9_]+"
)
"""Services that are told what was said, but for what a client may note about its own request."""

_NAMES = re.compile(f"{_PLACES}|{_IDENTITIES}|{_MODELS}|{_SETTINGS}|{_GUARDS}|{_SERVICES}")
_NAMES_IN_OWN = re.compile(
    f"{_GUARDS}|{_SERVICES}|{_SETTINGS}|user_api_key_[a-z_]+|(?:[a-z]+_)+callbacks?"
)
_LONGEST = 128
"""Characters of a name; none that means something is as long."""

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def refuse_rerouting(document: Mapping[str, Any]) -> None:
    """Do nothing where a request leaves its way to the settings.

    Raises:
        RefusedError: It names an address, an identity, models, services or guards of its own.
    """
    for holder, key, value in _keys(document):
        name = _plain(key)
        names = _NAMES_IN_OWN if holder in _OWN else _NAMES
        if names.fullmatch(name) or (holder == "provider" and _is_address(value)):
            param = f"{holder}.{key}" if holder else key
            raise RefusedError(
                BLOCKED_STATUS,
                "not_routable",
                f"`{param}`: where a request goes, as whom, and who else is told, is not for the request to"
                " say; leave it out, or ask for an upstream in the settings of the proxy",
                param=param,
            )


def _keys(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for key, value in document.items():
        yield "", key, value
        name = _plain(key)
        if name in _INSIDE or name in _OWN:
            for inner, each in _fields(value).items():
                yield name, inner, each


def _plain(key: str) -> str:
    """Return a name as it is written in the families: in small letters, with underscores."""
    return _CAPITAL.sub("_", key[: _LONGEST + 1]).lower().replace("-", "_")


def _fields(value: Any) -> Mapping[str, Any]:
    """Return the fields of an object, also of one that is written as a text: gateways read it."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = parse_strict(value.encode("utf-8", "surrogatepass"))
        except EvidenceError:
            return {}
    return value if isinstance(value, Mapping) else {}


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and "://" in value
