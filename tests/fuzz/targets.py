"""
Every way into the package for bytes that somebody else chose.

tests/fuzz/test_targets.py runs each for a moment, tests/fuzz/test_complete.py demands that none is missing,
scripts/fuzz.py runs them for an hour.
"""

from __future__ import annotations

from fuzz.asking import ASKING
from fuzz.calling import CALLING
from fuzz.decisions import DECISIONS
from fuzz.documents import DOCUMENTS
from fuzz.guarding import GUARDING
from fuzz.logs import LOGS
from fuzz.models import MODELS
from fuzz.proxying import PROXYING
from fuzz.redacting import REDACTING
from fuzz.references import REFERENCES
from fuzz.signed import SIGNED
from fuzz.subjects import SUBJECTS
from fuzz.target import Target
from fuzz.trusting import TRUSTING
from fuzz.weights import WEIGHTS

TARGETS: tuple[Target, ...] = (
    *DOCUMENTS,
    *SIGNED,
    *LOGS,
    *DECISIONS,
    *TRUSTING,
    *SUBJECTS,
    *REDACTING,
    *GUARDING,
    *PROXYING,
    *CALLING,
    *ASKING,
    *MODELS,
    *WEIGHTS,
    *REFERENCES,
)
