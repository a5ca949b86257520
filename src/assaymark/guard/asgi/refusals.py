"""
What is answered where something does not pass: an error as the OpenAI API writes it, and never content.

tests/guard/asgi/test_middleware.py
"""

from __future__ import annotations

import json

BLOCKED = "content_filter"


class RefusedError(Exception):
    """A request or response does not pass.

    Args:
        status: Of the answer.
        code: For programs.
        message: For people; ours, without content.
        cause: For the log; without content.
        param: Which field of the request is meant.
        retry_after: Seconds after which it may pass; 0 where nobody knows.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        cause: str = "",
        param: str | None = None,
        retry_after: int = 0,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.cause = status, code, message, cause
        self.param, self.retry_after = param, retry_after

    @property
    def kind(self) -> str:
        """Whether the policy speaks, or a fault."""
        return "policy_violation" if self.code == BLOCKED else "guard_error"

    def envelope(self) -> str:
        """Return the answer's body."""
        error = {
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        }
        return json.dumps({"error": error})


def blocked(what: str, status: int, *, unjudged: bool = False) -> RefusedError:
    """Return the refusal of a `request` or `response` that the policy blocks.

    Args:
        what: Which of both.
        status: Of the answer.
        unjudged: Whether that is because it could not be judged.
    """
    why = ": it could not be judged" if unjudged else ""
    return RefusedError(status, BLOCKED, f"the {what} was blocked by the policy{why}")


def unreadable(what: str, why: str) -> RefusedError:
    """Return the refusal of a `request` or `response` that nothing can judge."""
    status = 415 if what == "request" else 502
    return RefusedError(status, "not_inspectable", f"the {what} cannot be judged: {why}")
