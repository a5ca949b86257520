"""
Where something was, without the words of a user.

A JSON pointer into a request has steps that the API names, such as `/messages/2/content`, and may have steps
that a user or a model made up: the keys of a tool's arguments. Those can be anything, also a value that the
policy redacts, so only words of the APIs and numbers are kept.

tests/guard/decisions/test_entry.py
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[0-9]{1,4}")  # more may be a number of somebody
_MOST_STEPS = 12

_API_WORDS = """
annotations args arguments audio body choices citations content contents context data delta
description developer document documents embedding file file_data file_url function function_call
functions image image_url images input input_audio input_schema instructions item items json
llm_output message messages metadata model name output output_text parameters partial_json parts
prompt prompt_params query reason reasoning reasoning_content reasoning_text refusal response
response_format result results role schema source stop stop_sequences structured_messages suffix
summary summary_text system text texts thinking title tool tool_calls tool_choice tool_result
tool_use tools type url user value values variables
"""

WORDS = frozenset(_API_WORDS.split())
"""Steps that the served APIs name."""


def place_of(pointer: str) -> str:
    """Return a pointer in which every step that is no word of an API and no number is `*`.

    Args:
        pointer: A JSON pointer; behind `#`, another one into the JSON that the field holds.
    """
    outer, mark, inner = pointer.partition("#")
    # In what a field holds nothing is named by an API.
    return _steps(outer, WORDS) + (mark + _steps(inner, frozenset()) if mark else "")


def _steps(pointer: str, known: frozenset[str]) -> str:
    steps = pointer.split("/")
    kept = [
        each if not each or each in known or _NUMBER.fullmatch(each) else "*"
        for each in steps[:_MOST_STEPS]
    ]
    return "/".join(kept) + ("/…" if len(steps) > _MOST_STEPS else "")
