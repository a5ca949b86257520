"""
All forms at once, under the file names that `assaymark audit --out` gives them.

Nothing is written here: the caller does that, so that either all files of a run stand or none.
"""

from __future__ import annotations

from assaymark.report import html, junit, markdown, oscal, sarif
from assaymark.report.view import Report

FORMS = ("report.html", "report.md", "report.sarif", "report.junit.xml", "report.oscal.json")
"""What `render_all` returns, in this order."""


def render_all(report: Report) -> dict[str, bytes]:
    """Return the bytes of every form by file name. Equal reports give equal bytes."""
    return {
        "report.html": html.render(report).encode(),
        "report.md": markdown.render(report).encode(),
        "report.sarif": sarif.render(report).encode(),
        "report.junit.xml": junit.render(report),
        "report.oscal.json": oscal.render(report).encode(),
    }
