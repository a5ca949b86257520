"""
What a policy blocked, in the form in which OpenAI's API says what its own moderation found.

`moderation` stands in answers that are blocked: `input` and `output`, each with the entities or categories
that rules found and the greatest score of each. Their names are those of the policy's detectors.

Fields: openai-openapi, `ChatCompletion.moderation`. tests/guard/proxy/test_chat_completions.py
"""

from __future__ import annotations

from typing import Any

from assaymark.guard.asgi.account import Account
from assaymark.guard.proxy.judge import Judge
from assaymark.guard.verdict import Verdict
from assaymark.policy.guarding import Action

_MODEL = "assaymark"


def moderation_of(judge: Judge) -> dict[str, Any]:
    """Return the object for one request and its answer, as far as it has come."""
    return {"input": _results(judge.request), "output": _results(judge.response)}


def _results(account: Account) -> dict[str, Any]:
    scores: dict[str, float] = {}
    for each in account.findings:
        if each.action >= Action.FLAG:
            scores[each.entity] = max(scores.get(each.entity, 0.0), each.score)
    names = sorted(scores)
    result = {
        "type": "moderation_result",
        "model": _MODEL,
        "flagged": account.verdict >= Verdict.FLAG,
        "categories": dict.fromkeys(names, True),
        "category_scores": {name: scores[name] for name in names},
        "category_applied_input_types": {name: ["text"] for name in names},
    }
    return {"type": "moderation_results", "model": _MODEL, "results": [result]}
