"""
Which guard holds for a request: by tenant, by conversation, by what lies in the files now. A `GuardSource`.

    policies = Policies(Plans(default=Plan(policy="policy.yaml")), maker, note=recorder.note)
    policies.start()

* Whoever has no policy is refused. A tenant is what the server says, never what a client says.
* A request keeps the guard that it began with.
* While the kill switch is on, no request is served, or nothing is judged, as it says; either is told.

tests/guard/life/test_source.py
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from assaymark.canonical import digest_of
from assaymark.guard.guard import Guard
from assaymark.guard.life.canary import is_in_share
from assaymark.guard.life.collecting import Collected, CollectingGuard
from assaymark.guard.life.plan import Plan, Plans
from assaymark.guard.life.shadow import CURRENT, Watched
from assaymark.guard.life.switch import KillSwitch, Mode
from assaymark.guard.life.watching import (
    Maker,
    Note,
    ShadowMaker,
    WatchedPolicy,
    told,
)
from assaymark.guard.serving import REQUEST, SESSION, TENANT, NotServedError, ServedPolicy
from assaymark.guard.watch.health import Condition
from assaymark.guard.watch.metrics import Counter, Gauge, Metrics
from assaymark.policy.guarding import GuardRules, guard_rules


class NoPolicyError(NotServedError):
    """No policy holds for whoever asks."""

    def __init__(self) -> None:
        super().__init__(
            "no policy holds for this tenant",
            outcome="no_policy",
            policy=digest_of({"tenants": "others refused"}),
        )


class StoppedError(NotServedError):
    """The kill switch is on."""

    def __init__(self) -> None:
        super().__init__(
            "the kill switch is on",
            hint="remove its file when requests may be served again",
            outcome="stopped",
            policy=digest_of({"killSwitch": "block"}),
        )


@dataclass(frozen=True, slots=True)
class _Held:
    """A plan with its policies loaded."""

    plan: Plan
    policy: WatchedPolicy
    canary: WatchedPolicy | None
    shadows: tuple[WatchedPolicy, ...]


class Policies:
    """Holds every policy that a server needs.

    Args:
        plans: Which holds for whom.
        maker: Makes guards.
        shadow_maker: Makes those that do not act; needed where a plan has shadows.
        note: Takes events.
        switch: Stops everything.
        key: Draws the shares of canaries and shadows; by default one that lives as long as this object.
        every: Seconds between two looks at the files.

    Raises:
        AssaymarkError: A policy cannot be used, or a guard cannot start.
    """

    def __init__(
        self,
        plans: Plans,
        maker: Maker,
        *,
        shadow_maker: ShadowMaker | None = None,
        note: Note = lambda event, detail: None,  # noqa: ARG005 - takes and does nothing
        switch: KillSwitch | None = None,
        key: bytes | None = None,
        every: float = 2.0,
    ) -> None:
        self._note, self._every = note, every
        self._switch = switch or KillSwitch()
        self._key = key or secrets.token_bytes(32)
        self._maker = maker
        self._watched: dict[tuple[str, bool], WatchedPolicy] = {}
        self._shadow_maker = shadow_maker or ShadowMaker(maker.catalog)
        self._default = None if plans.default is None else self._hold(plans.default)
        self._tenants = {name: self._hold(plan) for name, plan in plans.tenants.items()}
        self._open: Guard | None = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._served = Counter(
            "assaymark_guard_served_total",
            "Requests by the policy that they got.",
            ("policy", "role"),
        )
        self._refused = Counter(
            "assaymark_guard_unserved_total",
            "Requests for which no policy held.",
            ("reason",),
        )
        self._switch.listen(self._switched)

    def start(self) -> None:
        """Say which policies hold, and look at their files from now on."""
        for (location, is_shadow), each in self._watched.items():
            role = _role(is_shadow)
            detail = {**told(each.current.policy), "location": location, "role": role}
            self._note("policy-held", detail)
        self._thread = threading.Thread(target=self._look_on, name="assaymark-life", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more, and close the guards when no request holds them any longer."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        for each in self._watched.values():
            each.retire()
        if self._open is not None:
            self._open.close()

    def reload(self) -> bool:
        """Read every policy now; return whether all that lie there are in use."""
        done = [each.reload() for each in self._watched.values()]
        return all(done)

    def look(self) -> None:
        """Look at the files once."""
        for each in self._watched.values():
            each.look()

    def guard_for(self, headers: Mapping[str, str]) -> ServedPolicy:
        """Return the policy for a request.

        Args:
            headers: Names in lower case; `assaymark-tenant` and `assaymark-request` are the server's words.

        Raises:
            StoppedError: The kill switch is on.
            NoPolicyError: The tenant has none.
        """
        CURRENT.set(None)
        tenant = headers.get(TENANT, "")
        mode = self._switch.mode()
        if mode is Mode.BLOCK:
            self._refused.add("stopped")
            raise StoppedError
        if mode is Mode.PASS:
            return ServedPolicy(CollectingGuard.view(self._passing(), None), tenant, is_off=True)
        held = self._tenants.get(tenant, self._default)
        if held is None:
            self._refused.add("no-policy")
            raise NoPolicyError
        # Where no conversation is named, each request is one, and the same request is the same one.
        named, request = headers.get(SESSION), headers.get(REQUEST, "")
        name = f"{tenant}\0s{named}" if named else f"{tenant}\0r{request}"
        policy, role = held.policy, "stable"
        canary = held.plan.canary
        if (
            canary is not None
            and held.canary is not None
            and is_in_share(name, canary.share, self._key, "canary")
        ):
            policy, role = held.canary, "canary"
        shadows = tuple(self._shadows(held, name))
        collected = Collected() if shadows else None
        if collected is not None:
            CURRENT.set(Watched(shadows, collected))
        self._served.add(policy.current.policy.name, role)
        return ServedPolicy(policy.lease(collected), tenant)

    def rules(self) -> GuardRules:
        """Return the rules that hold for everybody, or of some tenant where there are none."""
        held = self._default or next(iter(self._tenants.values()))
        return guard_rules(held.policy.current.policy.guard)

    def conditions(self) -> Iterator[Condition]:
        """Yield how every policy is, and the kill switch."""
        for (location, is_shadow), each in self._watched.items():
            policy = each.current.policy
            words = f"{policy.name} {policy.version} {policy.digest[:12]}"
            if each.fault is not None:
                words += f", the last good one; what lies there is not in use: {each.fault}"
            name = f"{'shadow' if is_shadow else 'policy'} {location}"
            yield Condition(name=name, is_ok=each.fault is None, is_needed=False, words=words)
        mode = self._switch.mode()
        yield Condition(
            name="kill-switch",
            is_ok=mode is None,
            is_needed=mode is Mode.BLOCK,
            words="" if mode is None else f"on: {mode.value}",
        )

    def add_metrics(self, metrics: Metrics) -> None:
        """Add the families about policies."""
        name = "assaymark_guard_"
        metrics.add(
            self._served,
            self._refused,
            Gauge(
                f"{name}policy_info",
                "1 for each policy that is held.",
                self._infos,
                ("location", "name", "version", "digest", "role"),
            ),
            Gauge(
                f"{name}policy_current",
                "1 if what lies in the files is in use, 0 if the last good version is kept.",
                lambda: self._by_file(lambda each: float(each.fault is None)),
                ("location", "role"),
            ),
            Gauge(
                f"{name}policy_since_seconds",
                "When the version in use was taken, in seconds since 1970.",
                lambda: self._by_file(lambda each: each.since.timestamp()),
                ("location", "role"),
            ),
            Gauge(
                f"{name}kill_switch",
                "1 for what the kill switch does now.",
                lambda: {(each.value,): float(self._switch.mode() is each) for each in Mode},
                ("mode",),
            ),
        )

    def _by_file(self, read: Callable[[WatchedPolicy], float]) -> dict[tuple[str, ...], float]:
        return {
            (location, _role(is_shadow)): read(each)
            for (location, is_shadow), each in self._watched.items()
        }

    def _infos(self) -> dict[tuple[str, ...], float]:
        found: dict[tuple[str, ...], float] = {}
        for (location, is_shadow), each in self._watched.items():
            policy = each.current.policy
            found[location, policy.name, policy.version, policy.digest, _role(is_shadow)] = 1.0
        return found

    def _shadows(self, held: _Held, name: str) -> Iterator[tuple[str, Guard]]:
        for shadow, each in zip(held.plan.shadows, held.shadows, strict=True):
            if is_in_share(name, shadow.share, self._key, f"shadow {shadow.policy}"):
                yield each.current.policy.name, each.lease()

    def _hold(self, plan: Plan) -> _Held:
        canary = None if plan.canary is None else self._watch(plan.canary.policy)
        shadows = tuple(self._watch(each.policy, is_shadow=True) for each in plan.shadows)
        return _Held(plan, self._watch(plan.policy), canary, shadows)

    def _watch(self, location: str, *, is_shadow: bool = False) -> WatchedPolicy:
        if (location, is_shadow) not in self._watched:
            maker: Maker = self._shadow_maker if is_shadow else self._maker
            self._watched[location, is_shadow] = WatchedPolicy(location, maker, note=self._note)
        return self._watched[location, is_shadow]

    def _passing(self) -> Guard:
        """Return a guard that judges nothing."""
        if self._open is None:
            some = next(iter(self._watched.values())).current.policy
            section: dict[str, Any] = {"uninspected": "allow", "invalid_json": "text"}
            policy = replace(some, guard=section, digest=digest_of({"killSwitch": "pass"}))
            self._open = Guard(policy, self._maker.catalog)
        return self._open

    def _switched(self, mode: Mode | None) -> None:
        self._note("kill-switch", {"mode": "off" if mode is None else mode.value})

    def _look_on(self) -> None:
        while not self._over.wait(self._every):
            self.look()
            self._switch.mode()


def _role(is_shadow: bool) -> str:  # noqa: FBT001 - a key of the dictionary
    return "shadow" if is_shadow else "enforced"
