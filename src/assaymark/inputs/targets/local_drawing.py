"""
How tokens are drawn from a local model.

tests/inputs/targets/test_local_model.py, test_local_batches.py
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from assaymark.contracts.target import Parameters, Prompt

_CLOSE = 1e-3  # of a score: a hundred times the noise of float32 through the layers of a model


def is_clear(steps: Sequence[Any]) -> bool:
    """Whether the likeliest token of each step is so by more than other rows of a batch can move."""
    return all(_is_ahead(*step.float().topk(2).values.tolist()) for step in steps)


def _is_ahead(first: float, second: float) -> bool:
    return first - second > _CLOSE * max(1.0, abs(first))


def until_the_end(new: Any, ends: int | list[int] | None) -> Any:
    """Return the tokens of one answer up to its end; after it, others of the batch went on."""
    known = ends if isinstance(ends, list) else [ends]
    places = [place for place, token in enumerate(new.tolist()) if token in known]
    return new[: places[0] + 1] if places else new


def drawing(how: Parameters) -> dict[str, Any]:
    """Return the parameters as `generate` takes them."""
    if how.temperature == 0.0:
        return {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
    drawing: dict[str, Any] = {}
    if how.temperature is not None:
        # Without a limit of its own: a temperature is asked for, and nothing else.
        drawing = {"do_sample": True, "temperature": how.temperature, "top_k": 0}
    if how.top_p is not None:
        drawing["top_p"] = how.top_p
    return drawing


def seed_of(prompt: Prompt) -> int:
    """Return the seed of a draw: the prompt's own, or one that follows from its words."""
    if prompt.parameters.seed is not None:
        return prompt.parameters.seed + prompt.repeat
    plain = repr((prompt.messages, prompt.text, prompt.repeat)).encode()
    return int.from_bytes(hashlib.sha256(plain).digest()[:6])
