"""How much of a model was asked, in words."""

from __future__ import annotations

from assaymark.model.evidence import Coverage
from assaymark.model.measurement import Contrast, Measured
from assaymark.model.numbers import plural
from assaymark.report.view import Reading


def asked(known: Coverage) -> str:
    """Return what came of the prompts, such as `9 prompts, 1 of them with an empty answer`."""
    text = plural(known.rows, "prompt")
    if known.empty:
        text += f", {known.empty:,} of them with an empty answer"
    if known.skipped:
        reasons = (f"{number:,} {reason}" for reason, number in sorted(known.skipped.items()))
        text += (
            f", {sum(known.skipped.values()):,} of them without an answer ({', '.join(reasons)})"
        )
    return text


def by_template(contrast: Contrast) -> str:
    """Return what a number rests on, such as `640 answers to 72 templates, ...`."""
    return (
        f"{plural(contrast.rows, 'answer')} to {plural(contrast.templates, 'template')}, "
        "with limits for answers that come by template"
    )


def is_asked(reading: Reading) -> bool:
    """Whether a number rests on answers of a model to templates, rather than on rows of a table."""
    result = reading.result
    return (
        isinstance(result, Measured)
        and result.contrast is not None
        and result.contrast.is_clustered
    )


def is_of_swapped_people(reading: Reading) -> bool:
    """Whether the templates behind a number can be joined by some of the user's own."""
    return reading.bound.check.startswith("counterfactual-")
