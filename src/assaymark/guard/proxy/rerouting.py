"""
Requests that would choose where they go, or as whom: they are refused.

An upstream may itself forward requests, as gateways do, and take an address, a key or a list of models from
their bodies. Then whoever may ask would lead them past the upstreams that the settings name. Such gateways
refuse most of these fields themselves, unless they were told otherwise; this does not rest on it.

tests/guard/proxy/test_rerouting.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.faults import BLOCKED_STATUS

_INSIDE = ("extra_body", "litellm_metadata", "litellm_params", "litellm_embedding_config")
"""Objects whose fields gateways read like the request's. `metadata` is not one: it is the client's own."""

_OF = "(?:[a-z0-9]{2,16}_)?"  # such as `azure_`
_NAMES = re.compile(
    f"{_OF}(?:api_base|base_url|api_url|deployment_url|sts_endpoint|endpoint|endpoint_url|api_key)"
    "|aws_[a-z_]{4,32}|azure_(?:ad_token|username|password)"
    "|vertex(?:_ai)?_(?:credentials|project|location)|client_secret|litellm_credential_name"
    "|user_config|model_list|models|fallback_models|(?:context_window_|content_policy_)?fallbacks"
    "|context_window_fallback_dict|custom_llm_provider|headers|extra_headers|extra_query|mock_response"
    "|use_ssl|ssl_verify|proxy|proxies|region_name|organization|credentials|callbacks|disable_guardrails"
)


def refuse_rerouting(document: Mapping[str, Any]) -> None:
    """Do nothing where a request leaves its way to the settings.

    Raises:
        RefusedError: It names an address, an identity or models of its own.
    """
    for holder, key in _keys(document):
        if _NAMES.fullmatch(key):
            param = f"{holder}.{key}" if holder else key
            raise RefusedError(
                BLOCKED_STATUS,
                "not_routable",
                f"`{param}`: where a request goes, and as whom, is not for the request to say;"
                " leave it out, or ask for an upstream in the settings of the proxy",
                param=param,
            )


def _keys(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in document.items():
        yield "", key
        if key in _INSIDE and isinstance(value, Mapping):
            for inner in value:
                yield key, inner
