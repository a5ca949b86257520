"""
`GET /v1/models` and `/v1/models/{id}`: which models may be asked for, as the upstreams tell.

* Listed is what an upstream has and the settings serve: its name fits the upstream's patterns, and the
  upstream speaks an API that is served. One that tells nothing has those models that its patterns spell out.
* Of what upstreams write, only names and times pass that look like what they are: nothing here is judged.
* A client that says which version of Anthropic's API it speaks gets Anthropic's form, and only models that
  speak it.

Source: openai-openapi, `Model` and `ListModelsResponse`; Anthropic API reference, models.
tests/guard/proxy/test_models.py
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from assaymark.canonical import parse_strict
from assaymark.errors import AssaymarkError, EvidenceError
from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.connections import NotSentError
from assaymark.guard.proxy.contracts import ServedApi, admitted, recorded
from assaymark.guard.proxy.dialect import Dialect
from assaymark.guard.proxy.forwarding import request_headers
from assaymark.guard.proxy.record import unlogged
from assaymark.guard.proxy.upstreams import Upstream

if TYPE_CHECKING:
    from assaymark.guard.proxy.application import ProxyApplication
    from assaymark.guard.proxy.client import Client

PATH = "/v1/models"
_BELOW = f"{PATH}/"
_SECONDS = 10.0
"""In which an upstream has to tell what it has."""

_LATER = 10
"""Seconds after which a client may ask again where no upstream told anything."""

_OK = 200
_VERSION = "anthropic-version"
_ANTHROPIC = frozenset({"messages"})
_ID = re.compile(
    r"(?=[\w.:/@+-]{1,256}\Z)(?:@[a-z]+/)?[\w.:/+-]*[A-Za-z][\w.:/+-]*(?:@(?:\d{3,8}|default|latest))?",
    re.ASCII,
)
"""With a letter, and with `@` only before the name of an account or a version."""

_OWNER = re.compile(r"(?=.{1,64}\Z)[A-Za-z][\w.:/+-]*", re.ASCII)
"""One word."""

_LATEST = 253_402_300_799
"""The last second that has a year of four digits."""


@dataclass(frozen=True, slots=True)
class _Model:
    id: str
    created: int = 0
    owner: str = ""


def is_about_models(path: str) -> bool:
    """Return whether `path` is one of these."""
    return path == PATH or path.startswith(_BELOW)


async def answer_models(
    proxy: ProxyApplication, client: Client, path: str, dialects: Iterable[Dialect]
) -> None:
    """Answer a request for models.

    Raises:
        RefusedError: It cannot be answered.
    """
    if client.method != "GET":
        raise RefusedError(405, "method_not_allowed", "this path takes GET only")
    served, _ = await admitted(proxy, client)
    record, _ = recorded(proxy, client, served, ServedApi("models", PATH), b"")
    try:
        await proxy.sink.ready()
    except AssaymarkError as error:
        raise unlogged(error) from None
    is_anthropic = _VERSION in client.headers
    spoken = [each for each in dialects if (each.name in _ANTHROPIC) == is_anthropic]
    async with proxy.slots.one():
        models = await _models(proxy, client, spoken)
    shown = [_shown(each, is_anthropic=is_anthropic) for each in models]
    answer: Any = _listed(shown, is_anthropic=is_anthropic)
    if path != PATH:
        name = path.removeprefix(_BELOW)
        answer = next((each for each in shown if each["id"] == name), None)
    if answer is None:
        record.outcome = "model_not_found"
        await record.keep(proxy.sink, 404)
        raise RefusedError(404, "model_not_found", "no upstream serves this model", param="model")
    await record.keep(proxy.sink, _OK)
    await client.send_whole(_OK, json.dumps(answer).encode(), record.told())


async def _models(
    proxy: ProxyApplication, client: Client, spoken: Sequence[Dialect]
) -> list[_Model]:
    """Return what upstreams have, each name once.

    Raises:
        RefusedError: No upstream tells.
    """

    async def of(upstream: Upstream, dialect: Dialect) -> list[_Model] | None:
        headers = request_headers(
            dialect, client.headers, upstream.settings, forwards_keys=proxy.keys.forwards
        )
        most = proxy.limits.caps.answer
        told = None if upstream.is_resting else await _told(upstream, headers, most)
        return _served(upstream.settings.models, told)

    speaking = [(each, dialect) for each in proxy.upstreams for dialect in _first(each, spoken)]
    found = await asyncio.gather(*(of(*each) for each in speaking))
    if speaking and all(each is None for each in found):
        raise RefusedError(
            503, "upstream_unavailable", "no upstream tells what it has", retry_after=_LATER
        )
    return list(
        {each.id: each for some in reversed(found) for each in reversed(some or ())}.values()
    )[::-1]


def _first(upstream: Upstream, spoken: Sequence[Dialect]) -> list[Dialect]:
    return [each for each in spoken if upstream.speaks(each.name)][:1]


async def _told(upstream: Upstream, headers: Mapping[str, str], most: int) -> list[_Model] | None:
    """Return what an upstream says that it has; `None` where it says nothing that can be used."""
    # Anthropic's API has pages.
    target = "/models?limit=1000" if _VERSION in headers else "/models"
    try:
        answer = await upstream.origin.ask("GET", target, headers, b"", time.monotonic() + _SECONDS)
    except (NotSentError, RefusedError):
        return None
    try:
        if answer.status != _OK:
            return None
        document = parse_strict(await answer.body(most))
    except (EvidenceError, RefusedError):
        return None
    finally:
        await answer.close()
    entries = document.get("data") if isinstance(document, dict) else None
    return None if not isinstance(entries, list) else [*_read(entries)]


def _read(entries: Sequence[Any]) -> Iterable[_Model]:
    for each in entries:
        name = each.get("id") if isinstance(each, dict) else None
        if isinstance(name, str) and _ID.fullmatch(name):
            owner = each.get("owned_by")
            is_plain = isinstance(owner, str) and _OWNER.fullmatch(owner)
            yield _Model(name, _second(each), owner if is_plain else "")


def _second(entry: Mapping[str, Any]) -> int:
    """Return when a model was made, in seconds since 1970; 0 where nobody knows."""
    created, written = entry.get("created"), entry.get("created_at")
    if isinstance(created, int) and not isinstance(created, bool) and 0 <= created <= _LATEST:
        return created
    try:
        return max(int(datetime.fromisoformat(written).timestamp()), 0) if written else 0
    except (TypeError, ValueError, OverflowError):
        return 0


def _served(patterns: Sequence[str], told: Sequence[_Model] | None) -> list[_Model] | None:
    if told is not None:
        return [each for each in told if any(fnmatchcase(each.id, one) for one in patterns)]
    spelt_out = [_Model(each) for each in patterns if _ID.fullmatch(each)]
    return spelt_out or None


def _shown(model: _Model, *, is_anthropic: bool) -> dict[str, Any]:
    if is_anthropic:
        at = datetime.fromtimestamp(model.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"type": "model", "id": model.id, "display_name": model.id, "created_at": at}
    owner = model.owner or "unknown"
    return {"id": model.id, "object": "model", "created": model.created, "owned_by": owner}


def _listed(models: Sequence[dict[str, Any]], *, is_anthropic: bool) -> dict[str, Any]:
    if not is_anthropic:
        return {"object": "list", "data": models}
    first, last = (models[0]["id"], models[-1]["id"]) if models else (None, None)
    return {"data": models, "has_more": False, "first_id": first, "last_id": last}
