"""
An agent of LangChain with a guard around its model.

    agent = create_agent(model, tools=[...], middleware=[..., AgentGuard(guard)])

* Every call of the model goes through the guard: what people, tools and earlier turns say on the way in,
  texts and calls of tools on the way out, also where the agent streams.
* A tool is called with what may come out of the model, so with pseudonyms turned back.
* It belongs last into the list: middleware behind it could change what was judged, or ask another model.

tests/integrations/test_langchain_agent.py
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from assaymark.errors import MissingExtraError
from assaymark.guard.guard import Guard
from assaymark.integrations.langchain import GuardedChatModel, SessionOf, guarded_model

try:
    from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
except ImportError:
    raise MissingExtraError("a guarded agent of LangChain", extra="langchain-agents") from None


class AgentGuard(AgentMiddleware):
    """Middleware for `create_agent`.

    Args:
        guard: The guard; whoever made it closes it.
        session: Whose pseudonyms are used, or what says that for each call of the model.
        on_block: The answer instead of one that is blocked; by default that raises `BlockedError` out of the
            agent.
    """

    def __init__(
        self, guard: Guard, *, session: SessionOf = None, on_block: str | None = None
    ) -> None:
        super().__init__()
        self._guard, self._session, self._on_block = guard, session, on_block

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Ask the model through the guard."""
        return handler(self._guarded(request))

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """Ask the model through the guard."""
        return await handler(self._guarded(request))

    def _guarded(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        model: GuardedChatModel = guarded_model(
            request.model, self._guard, session=self._session, on_block=self._on_block
        )
        return request.override(model=model)
