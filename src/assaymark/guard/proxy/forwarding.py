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
from assaymark.guard.proxy.faults import BLOCKED_STATUS
from assaymark.guard.proxy.keys import shown_key
from assaymark.guard.proxy.settings import UpstreamSettings

_DAY = r"\d{4}-\d\d-\d\d"
_MODEL = re.compile(r"[a-z][\w.:/-]{0,127}", re.ASCII | re.IGNORECASE)
_FEATURES = re.compile(r"[a-z][a-z0-9.=-]{0,63}(?:, ?[a-z][a-z0-9.=-]{0,63}){0,15}")
_TO_UPSTREAMS = {
    "anthropic-version": re.compile(_DAY),
    "anthropic-beta": _FEATURES,
    "openai-beta": _FEATURES,
}
_MOMENT = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
_COUNT = r"-?\d{1,10}(?:\.\d{1,6})?"
_TO_CLIENTS = {
    "retry-after": re.compile(rf"\d{{1,7}}|{_MOMENT}"),
    "openai-model": _MODEL,
    "openai-processing-ms": re.compile(r"\d{1,9}"),
    "openai-version": re.compile(_DAY),
}
_RATE_NAME = re.compile(r"(?:x|anthropic)-ratelimit-[a-z-]{1,64}")
_RATE = re.compile(
    # A number, a time in milliseconds since 1970, a duration, or a moment.
    rf"{_COUNT}|1\d{{12}}|(?:\d{{1,6}}(?:\.\d{{1,9}})?(?:ms|[smhd]))+|{_DAY}T[\d:.]{{8,18}}(?:Z|[+-]\d\d:\d\d)",
    re.ASCII,
)
_QUERY = {
    "api-version": re.compile(rf"{_DAY}(?:-[a-z]{{1,16}})?|v\d{{1,2}}|preview|latest", re.ASCII),
    "beta": re.compile(r"true|false|[01]"),
}


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
        for name, looks in _TO_UPSTREAMS.items()
        if name in headers and looks.fullmatch(headers[name])
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
    return {name: value for name, value in headers.items() if _may_be_told(name, value)}


def _may_be_told(name: str, value: str) -> bool:
    looks = _TO_CLIENTS.get(name) or (_RATE if _RATE_NAME.fullmatch(name) else None)
    return looks is not None and looks.fullmatch(value) is not None


def target_of(dialect: Dialect, query: bytes) -> str:
    """Return the path of a request at an upstream, with its parameters.

    Raises:
        RefusedError: It has parameters that nothing reads.
    """
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    if not all(key in _QUERY and _QUERY[key].fullmatch(value) for key, value in pairs):
        raise RefusedError(
            BLOCKED_STATUS, "not_inspectable", "the request has parameters that nothing reads"
        )
    return f"{dialect.target}?{urlencode(pairs)}" if pairs else dialect.target
