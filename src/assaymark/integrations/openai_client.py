"""
OpenAI's client, and Anthropic's, with a guard inside.

    client = guarded_client(OpenAI(), guard)
    client.chat.completions.create(model="...", messages=[...], stream=True)

* The client stays what it is, with its helpers, retries and streams: requests are judged below them, on their
  way out, and answers on their way in. So are those of every client that is made of it, whatever HTTP client
  that is given.
* Chat completions, completions, embeddings, responses and Anthropic's messages are judged. Everything else is
  refused, unless it is `exempt`; web sockets lead nowhere.
* What is blocked comes back as the API itself says it: `finish_reason: content_filter`, or an error.

tests/integrations/test_openai_client.py
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from assaymark.errors import UsageError
from assaymark.guard.asgi.middleware import to_logger
from assaymark.guard.guard import Guard
from assaymark.guard.sessions import Session
from assaymark.integrations.passage import Rules
from assaymark.integrations.transports import guarded_http_client, is_guarded

C = TypeVar("C")

_NOWHERE = "wss://web-sockets-are-not-judged.invalid"
"""Nothing is ever found under this name (RFC 6761)."""


def _guarding(kind: type, rules: Rules, *, has_web_sockets: bool) -> type:
    """Return a class of clients that take no HTTP client as it is.

    A client makes others of its own class (`copy`, `with_options`), and each of them keeps in `_client` what
    it was given, or made itself.

    Args:
        kind: Of clients.
        rules: What holds for each of them.
        has_web_sockets: Whether they have an address for web sockets, which leads nowhere here.
    """

    def client(self: Any) -> Any:
        return self.__dict__["_client"]

    def keep_client(self: Any, http: Any) -> None:
        known = is_guarded(http, rules)
        self.__dict__["_client"] = http if known else guarded_http_client(http, rules)

    names: dict[str, Any] = {"_client": property(client, keep_client)}
    if has_web_sockets:
        names["websocket_base_url"] = property(lambda _: _NOWHERE, _keep_nowhere)
    return type(kind.__name__, (kind,), {**names, "__module__": kind.__module__})


def _keep_nowhere(_: Any, url: Any) -> None:
    # `None` is what a client begins with, also one for another region.
    if url is not None and str(url) != _NOWHERE:
        raise UsageError(
            "a guarded client has no web sockets: nothing judges them",
            hint="use the client that it was made of where that may be",
        )


def guarded_client(
    client: C,
    guard: Guard,
    *,
    session: Session | Callable[[], Session | None] | None = None,
    exempt: Sequence[str] = (),
    log: Callable[[Mapping[str, Any]], None] = to_logger,
) -> C:
    """Return a client like `client` whose requests and answers a guard judges.

    Args:
        client: `OpenAI`, `AsyncOpenAI`, `Anthropic`, `AsyncAnthropic` or a subclass. It is not changed, and
            its connections are shared. What is returned is of a subclass of its own.
        guard: The guard; whoever made it closes it.
        session: Whose pseudonyms are used, or what says that for each request.
        exempt: Patterns of method and path that pass unjudged, such as `GET */models`.
        log: Gets a mapping for each request: places and names, never content. By default the logger
            `assaymark.guard`.

    Raises:
        UsageError: It is no such client, or one of a version whose web sockets could not be closed.
    """
    inner = getattr(client, "_client", None)
    copy: Any = getattr(client, "copy", None)
    if inner is None or copy is None:
        raise UsageError(
            f"a `{type(client).__name__}` cannot be guarded",
            hint="give an `OpenAI`, `AsyncOpenAI`, `Anthropic` or `AsyncAnthropic`",
        )
    options: dict[str, Any] = {}
    if "websocket_base_url" in inspect.signature(copy).parameters:
        options["websocket_base_url"] = _NOWHERE
    elif hasattr(type(client), "realtime"):
        raise UsageError(
            "this version of `openai` has web sockets that cannot be guarded",
            hint="pip install 'assaymark[openai]'",
        )
    rules = Rules(guard, session, exempt, log)
    made: C = copy(http_client=guarded_http_client(inner, rules), **options)
    made.__class__ = _guarding(type(made), rules, has_web_sockets=bool(options))
    return made
