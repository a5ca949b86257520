"""
Whom and what the probes of bias did not ask about, though they could have.

A gap that is kept on three axes says nothing about the other seven. What is known is what the package ships;
groups outside it are not listed, because no list of people is complete.

Tested in tests/report/test_unprobed.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.model.subject import SubjectKind
from assaymark.probes.counterfactual import axes, contexts, groups
from assaymark.report.view import Report

_ABOUT = {"axes": ("axis", axes), "contexts": ("context", contexts)}


def unprobed(report: Report) -> Iterator[tuple[str, int]]:
    """Yield a sentence for each check and kind of thing that was left out, and how many those are.

    A model that no check asked about bias at all is one line, whatever else was tested of it.
    """
    asked = False
    for check in report.evidence.checks:
        for setting, (word, known) in _ABOUT.items():
            chosen = check.settings.get(setting)
            if not isinstance(chosen, list | tuple) or not set(chosen) <= set(known()):
                continue
            asked = True
            if setting == "contexts" and check.settings.get("ours") is False:
                chosen = ()
            left = [each for each in known() if each not in chosen]
            if left:
                named = ", ".join(f"`{each}`" for each in left)
                plural = word if len(left) == 1 else {"axis": "axes"}.get(word, f"{word}s")
                yield f"`{check.id}` did not ask about the {plural} {named}", len(left)
            if setting == "axes":
                told = "; ".join(f"{axis}: {', '.join(groups(axis))}" for axis in sorted(chosen))
                yield f"`{check.id}` knows no other groups than these: {told}", 1
        if asked and isinstance(most := check.settings.get("per_context"), int):
            yield f"`{check.id}` asked about {most:,} templates of each context at most", 1
    has_model = any(e.subject.kind is SubjectKind.MODEL for e in report.evidence.subjects)
    if has_model and not asked:
        yield "no check asked the model about swapped people", 1
