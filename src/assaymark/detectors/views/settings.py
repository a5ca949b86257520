"""
The key `views` in a detector's settings, and the detector that it makes.

Light to import: the views themselves, with their tables, load with the detector that uses them.

tests/detectors/views/test_views_settings.py shows each message.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema, create_model

from assaymark.detectors.names import known_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assaymark.contracts.detector import Detector, DetectorSpec, Horizon

NAMES: tuple[str, ...] = (
    "html",
    "percent",
    "escapes",
    "unicode",
    "base64",
    "inserted",
    "spelled",
    "spaced",
    "broken",
    "paths",
)
"""Views in the order in which they are taken."""

_WORDS: dict[str, tuple[str, ...]] = {"all": NAMES, "none": ()}


def _written_out(value: Any) -> Any:
    if isinstance(value, str):
        return _WORDS.get(value, (value,))
    # Strict validation takes a list for a tuple only as it comes out of JSON.
    return tuple(value) if isinstance(value, list) else value


def _known_view(value: str) -> str:
    message = f"no view is called `{value}`"
    return known_name(value, (*NAMES, *_WORDS), kind="unknown-view", message=message)


def _in_order(value: tuple[str, ...]) -> tuple[str, ...]:
    wanted = {name for each in value for name in _WORDS.get(each, (each,))}
    return tuple(each for each in NAMES if each in wanted)


Views = Annotated[
    tuple[Annotated[str, AfterValidator(_known_view)], ...],
    BeforeValidator(_written_out),
    AfterValidator(_in_order),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(_WORDS)},
                {"type": "array", "items": {"enum": list(NAMES)}, "uniqueItems": True},
            ]
        }
    ),
]
"""Names of views, or `all`, or `none`; kept in the order in which they are taken."""


def with_views(spec: DetectorSpec, *, default: Sequence[str] = ()) -> DetectorSpec:
    """Return `spec` with a setting `views`; without a view it is the detector that it was.

    Args:
        spec: Any detector.
        default: What is on where a policy says nothing.
    """
    settings: type[BaseModel] = create_model(
        spec.settings.__name__,
        __base__=spec.settings,
        __module__=spec.settings.__module__,
        views=(
            Views,
            Field(
                default=tuple(default),
                description="Forms in which each text is read as well, to see through disguises.",
                json_schema_extra={"stricter": "superset"},
            ),
        ),
    )

    def plainly(chosen: Any) -> BaseModel:
        # Validated already: what a setting was made of need not be there any more.
        return spec.settings.model_construct(
            **{name: getattr(chosen, name) for name in spec.settings.model_fields}
        )

    def load(chosen: Any) -> Detector:
        detector = spec.load(plainly(chosen))
        if not chosen.views:
            return detector
        from assaymark.detectors.views.viewed import ViewedDetector

        return ViewedDetector(detector, chosen.views)

    def horizon(chosen: Any) -> Horizon:
        assert spec.horizon is not None  # noqa: S101 - given below only where there is one
        inner = spec.horizon(plainly(chosen))
        if not chosen.views:
            return inner
        from assaymark.detectors.horizon.views import ViewedHorizon

        return ViewedHorizon(inner, chosen.views)

    return dataclasses.replace(
        spec, settings=settings, load=load, horizon=None if spec.horizon is None else horizon
    )
