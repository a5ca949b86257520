"""The guard: a policy at run time, on messages, texts and streams; see `docs/guard.md`."""

from assaymark.guard.answers import AnswerMemory
from assaymark.guard.blocking import BlockedError
from assaymark.guard.decorator import guarded
from assaymark.guard.guard import Guard
from assaymark.guard.sessions import Session
from assaymark.guard.stream import GuardStream
from assaymark.guard.verdict import Checked, Finding, Unjudged, Verdict
from assaymark.policy.guarding import Action, Phase

__all__ = [
    "Action",
    "AnswerMemory",
    "BlockedError",
    "Checked",
    "Finding",
    "Guard",
    "GuardStream",
    "Phase",
    "Session",
    "Unjudged",
    "Verdict",
    "guarded",
]
