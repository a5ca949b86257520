"""
Which policy holds for whom.

tests/guard/life/test_source.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from assaymark.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A policy that a share of the conversations gets."""

    policy: str
    share: float
    """In (0, 1)."""

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        _demand_share(self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """A policy whose decisions are computed and compared, and never act."""

    policy: str
    share: float = 1.0
    """Of the conversations that it sees, in (0, 1]."""

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        _demand_share(self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What holds for a tenant."""

    policy: str
    """A path or `pack:NAME`."""

    canary: Canary | None = None
    shadows: tuple[Shadow, ...] = ()

    def locations(self) -> Iterator[str]:
        """Yield every policy that it needs."""
        yield self.policy
        if self.canary is not None:
            yield self.canary.policy
        yield from (each.policy for each in self.shadows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """What holds for everybody."""

    default: Plan | None
    """For whoever has no plan of their own; `None`: they are refused."""

    tenants: Mapping[str, Plan] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse plans for nobody."""
        if self.default is None and not self.tenants:
            raise UsageError("no policy is named", hint="name one for everybody, or for tenants")

    def locations(self) -> tuple[str, ...]:
        """Return every policy that is needed, each once."""
        plans = [*self.tenants.values(), *([] if self.default is None else [self.default])]
        return tuple(dict.fromkeys(each for plan in plans for each in plan.locations()))


def _demand_share(share: float) -> None:
    if not 0.0 < share <= 1.0:
        raise UsageError(f"expected a share above 0 and at most 1, got {share:g}")
