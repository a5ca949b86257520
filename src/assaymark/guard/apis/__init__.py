"""Other people's APIs, answered by a guard; see `docs/apis.md`."""

from __future__ import annotations

from collections.abc import Sequence

from assaymark.guard.apis.check import check_api
from assaymark.guard.apis.contract import Api, Call, Reply
from assaymark.guard.apis.guardrails_ai import guardrails_apis
from assaymark.guard.apis.litellm import litellm_api
from assaymark.guard.apis.llm_guard import llm_guard_apis
from assaymark.guard.apis.moderations import moderations_api
from assaymark.guard.apis.openapi import openapi_api
from assaymark.guard.apis.presidio_analyzer import analyzer_apis
from assaymark.guard.apis.presidio_anonymizer import anonymizer_apis
from assaymark.guard.apis.reading import MAX_BODY
from assaymark.guard.apis.serving import Application
from assaymark.guard.guard import Guard

__all__ = ["Api", "Application", "Call", "Reply", "apis", "application"]


def apis(guard: Guard, *, cap: int = MAX_BODY) -> Sequence[Api]:
    """Return every operation, the last of which describes the others.

    Args:
        guard: Who judges; whoever made it closes it.
        cap: Bytes of a request at most.
    """
    return (
        check_api(guard, cap),
        moderations_api(guard, cap),
        *analyzer_apis(guard, cap),
        *anonymizer_apis(guard, cap),
        litellm_api(guard, cap),
        *guardrails_apis(guard, cap),
        *llm_guard_apis(guard, cap),
        openapi_api(),
    )


def application(guard: Guard, *, cap: int = MAX_BODY) -> Application:
    """Return an ASGI application that serves `apis(guard)` and nothing else."""
    return Application(apis(guard, cap=cap), cap=cap)
