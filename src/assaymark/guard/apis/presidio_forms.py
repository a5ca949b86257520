"""
What Presidio's analyzer API reads and answers.

Source: presidio-analyzer 2.2.366, REST API. tests/guard/apis/test_presidio_analyzer.py
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assaymark.guard.apis.reading import RefusedError


class AdHocPattern(BaseModel):
    """One pattern of a recognizer."""

    model_config = ConfigDict(strict=True)

    name: str
    regex: str
    score: float


class AdHocRecognizer(BaseModel):
    """A recognizer for this call only."""

    model_config = ConfigDict(strict=True)

    supported_entity: Annotated[str, Field(min_length=1, max_length=64)]
    name: str | None = None
    supported_language: str | None = None
    patterns: list[AdHocPattern] | None = None
    deny_list: list[str] | None = None
    deny_list_score: float | None = None
    context: list[str] | None = None


class AnalyzeRequest(BaseModel):
    """What is to be looked at, and for what."""

    model_config = ConfigDict(strict=True)

    text: str | Annotated[list[str], Field(max_length=1_000)]
    """One text, or several."""

    language: Annotated[str, Field(min_length=1)]
    entities: list[str] | None = None
    """What to tell; everything if there is none."""

    correlation_id: str | None = None
    score_threshold: float | None = None
    return_decision_process: bool | None = None
    ad_hoc_recognizers: list[AdHocRecognizer] | None = None
    context: list[str] | None = None
    """Words that count as if they stood before everything."""

    allow_list: list[str] | None = None
    """What is no value."""

    allow_list_match: Literal["exact", "regex"] | None = None
    regex_flags: int | None = None


class AnalysisExplanation(BaseModel):
    """Why something was told."""

    recognizer: str
    pattern_name: str | None = None
    pattern: str | None = None
    original_score: float | None = None
    score: float
    textual_explanation: str | None = None
    score_context_improvement: float | None = None
    supportive_context_word: str | None = None
    validation_result: bool | None = None
    regex_flags: int | None = None


class RecognizerResult(BaseModel):
    """Something found."""

    entity_type: str
    start: int
    end: int
    score: float
    analysis_explanation: AnalysisExplanation | None = None


class PresidioError(BaseModel):
    """An error as Presidio writes it."""

    error: str


def presidio_error(refused: RefusedError) -> dict[str, Any]:
    """Return the body of an error as Presidio writes it."""
    return {"error": refused.message}
