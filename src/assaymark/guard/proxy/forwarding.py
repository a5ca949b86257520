"""
Which headers and parameters pass, both ways: few, by name, and only where they look like what they are.

Nothing judges them, so nothing in them may be a text.

tests/guard/proxy/test_limits.py and test_faults.py
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.dialect import Dialect
from assaymark.guard.proxy.judge import BLOCKED_STATUS
from assaymark.guard.proxy.keys import shown_key
from assaymark.guard.proxy.settings import UpstreamSettings

_PLAIN = re.compile(r"[\w.:,/+= -]{1,128}", re.ASCII)
_TO_UPSTREAMS = ("anthropic-version", "anthropic-beta", "openai-beta")
_TO_CLIENTS = re.compile(
    r"retry-after|openai-(?:model|processing-ms|version)|(?:x|anthropic)-ratelimit-[a-z-]{1,64}"
)
_QUERY = frozenset({"api-version", "beta"})


def request_headers(
    dialect: Dialect,
    headers: Mapping[str, str],
    upstream: UpstreamSettings,
    *,
    forwards_keys: bool,
) -> dict[str, str]:
    """Return what goes to an upstream beside a request."""
    passed = {
        name: headers[name]
        for name in _TO_UPSTREAMS
        if name in headers and _PLAIN.fullmatch(headers[name])
    }
    secret = upstream.secret
    if secret is None and forwards_keys:
        secret = shown_key(headers)
    if secret:
        header = upstream.key_header or dialect.key_header
        passed[header] = f"Bearer {secret}" if header == "authorization" else secret
    return {"user-agent": "assaymark", **passed}


def answer_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what goes to a client beside an answer."""
    return {
        name: value
        for name, value in headers.items()
        if _TO_CLIENTS.fullmatch(name) and _PLAIN.fullmatch(value)
    }


def target_of(dialect: Dialect, query: bytes) -> str:
    """Return the path of a request at an upstream, with its parameters.

    Raises:
        RefusedError: It has parameters that nothing reads.
    """
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    if not all(key in _QUERY and _PLAIN.fullmatch(value) for key, value in pairs):
        raise RefusedError(
            BLOCKED_STATUS, "not_inspectable", "the request has parameters that nothing reads"
        )
    return f"{dialect.target}?{urlencode(pairs)}" if pairs else dialect.target
