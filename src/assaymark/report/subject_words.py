"""
What a decision covers: bytes that have a digest, or what a model answered under the name that it was given.

Tested in tests/report/test_subject_words.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assaymark.model.evidence import SubjectEvidence
from assaymark.model.subject import SubjectKind
from assaymark.report.display_text import quoted

BY_BYTES = (
    "The decision is about exactly these bytes. A file that differs in one byte has another digest and is "
    "not covered."
)


def covered(subjects: Iterable[SubjectEvidence]) -> Iterator[str]:
    """Yield what the decision is about, in sentences with names between backticks."""
    told = [each.subject for each in subjects]
    by_bytes = [each for each in told if each.declared is None]
    if by_bytes and len(by_bytes) == len(told):
        yield BY_BYTES
        return
    if by_bytes:
        named = ", ".join(quoted(each.name) for each in by_bytes)
        yield (
            f"About {named} the decision is about exactly the bytes that have this digest; a file that "
            "differs in one of them is not covered."
        )
    for each in told:
        if each.declared is not None:
            yield (
                f"About {quoted(each.name)} the decision rests on what it answered when it was asked. Nobody "
                "could hash what runs behind that name, so it is known as declared: what is changed there "
                "afterwards keeps the name, and this report says nothing about it."
            )


def is_asked(each: SubjectEvidence) -> bool:
    """Whether its rows are prompts and its texts answers."""
    return each.subject.kind is SubjectKind.MODEL
