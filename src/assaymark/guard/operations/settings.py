"""
What operators ask for: where decisions are logged, which policies hold for whom, who is told what.

tests/guard/operations/test_settings_file.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assaymark.guard.decisions.recorder import WhenFull
from assaymark.guard.life.plan import Canary, Plan, Plans, Shadow
from assaymark.guard.watch.sending import Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """Where decisions are logged."""

    directory: Path
    """A log that `assaymark log new` made."""

    key: str
    """Its Ed25519 key: a file, or the URI of a token."""

    state: Path | None = None
    """Folder in which the writer remembers the log, so that it notices one that was set back."""

    digest_key: Path | None = None
    """File of the key of the digests of requests; without one entries have none."""

    when_full: WhenFull = "refuse"
    patience: float = 5.0
    """Seconds that a decision may wait for the disk."""

    seal_every: float = 1.0
    """Seconds between two checkpoints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """Who is told what."""

    destinations: tuple[Destination, ...] = ()
    service: str = "assaymark-guard"
    window: float = 300.0
    """Seconds that are looked at."""

    block_rate: float | None = None
    unjudged_share: float | None = 0.01
    detector_failures: int | None = 3
    drift_margin: float | None = None
    """How far shares may be from the audited ones; `None`: they are not compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """Everything about the operation of one server."""

    log: LogSettings | None = None
    canary: Canary | None = None
    shadows: tuple[Shadow, ...] = ()
    tenants: Mapping[str, Plan] = field(default_factory=dict)
    others_refused: bool = False
    """Whether tenants without a policy of their own are refused."""

    kill_switch: Path | None = None
    kill_switch_may_pass: bool = False
    reload_every: float = 2.0
    """Seconds between two looks at the files of policies."""

    alerts: AlertSettings | None = None
    lines: bool = False
    """Whether every decision is written to standard error as a line of JSON."""

    spans: bool = False
    """Whether every decision becomes a span of OpenTelemetry."""

    pages: bool = True
    """Whether `/metrics`, `/live`, `/healthz` and `/readyz` are served."""

    def plans(self, policy: str) -> Plans:
        """Return which policy holds for whom, where `policy` is the one for everybody."""
        default = Plan(policy=policy, canary=self.canary, shadows=self.shadows)
        return Plans(default=None if self.others_refused else default, tenants=self.tenants)
