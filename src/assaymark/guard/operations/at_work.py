"""
Everything that operates a server, opened, started, and closed in the opposite order.

    with operate(settings, policy, maker, open_signer=...) as at_work:
        application = ProxyApplication(..., at_work.source, sink=at_work.sink)
        serve(at_work.with_pages(application), ...)

tests/guard/operations/test_at_work.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assaymark.guard.decisions.log import DecisionLog
from assaymark.guard.decisions.recorder import Observer, Observing, Recorder
from assaymark.guard.life.shadow import ShadowRunner
from assaymark.guard.life.source import Policies
from assaymark.guard.life.switch import KillSwitch
from assaymark.guard.operations.application import Demand, WithPages
from assaymark.guard.operations.settings import AlertSettings, LogSettings, Operations
from assaymark.guard.operations.vault_watch import VaultPlace, VaultWatch
from assaymark.guard.serving import DecisionSink, GuardSource
from assaymark.guard.watch.alarms import (
    BlockRate,
    DetectorFailure,
    LogTrouble,
    Notice,
    Rule,
    UnjudgedShare,
    Watchman,
)
from assaymark.guard.watch.baseline import Drift, audited_rates
from assaymark.guard.watch.health import Conditions, of_log
from assaymark.guard.watch.lines import JsonLines, Spans
from assaymark.guard.watch.pages import Pages
from assaymark.guard.watch.sending import Sender
from assaymark.guard.watch.sending import counter as alert_counter
from assaymark.guard.watch.telemetry import Telemetry, rates_of
from assaymark.guard.watch.window import Window

if TYPE_CHECKING:
    from assaymark.attest.keys import Signer
    from assaymark.guard.life.watching import Maker
    from assaymark.model.measurement import Result
    from assaymark.model.subject import SubjectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """What a server is given."""

    source: GuardSource
    sink: DecisionSink
    policies: Policies
    telemetry: Telemetry
    pages: Pages | None
    watchman: Watchman | None
    digest_key: bytes | None

    def with_pages(self, application: Any, demand: Demand | None = None) -> Any:
        """Return the application with the pages for operators in front of it, where they are wanted."""
        if self.pages is None:
            return application
        return WithPages(application, self.pages, demand or anybody)


@contextmanager
def operate(
    settings: Operations,
    policy: str,
    maker: Maker,
    *,
    open_signer: Callable[[str], Signer],
    audited: Iterable[tuple[SubjectKind, Sequence[Result]]] = (),
    vault: VaultPlace | None = None,
    lines: Any = None,
) -> Iterator[AtWork]:
    """Open and start everything that `settings` ask for.

    Args:
        settings: Of the server.
        policy: For everybody without a plan of their own.
        maker: Makes guards.
        open_signer: Opens the key of the log.
        audited: What a report measured, for drift.
        vault: Where pseudonyms are kept, if they are.
        lines: Where lines of JSON go; standard error by default.

    Raises:
        AssaymarkError: Something cannot be opened or started; what was opened is closed again.
    """
    with ExitStack() as stack:
        if vault is not None:
            vault.make()
        telemetry = Telemetry(window=Window(_window(settings)))
        observers: list[Observer] = [telemetry]
        if settings.lines:
            observers.append(JsonLines(lines or sys.stderr))
        if settings.spans:
            observers.append(Spans())
        log = _opened(settings.log, open_signer, telemetry, stack)
        sink = _sink(settings.log, log, observers)
        runner = ShadowRunner(sink.submit)
        telemetry.metrics.add(runner.compared)
        sink.observe(runner)
        conditions: list[Conditions] = []
        if log is not None and isinstance(sink, Recorder):
            telemetry.watch_log(log, sink)
            conditions.append(of_log(log, sink))
        policies = policies_of(settings, policy, maker, note=sink.note)
        # Shadows hold guards, so they end first.
        stack.callback(policies.close)
        stack.callback(runner.close)
        policies.add_metrics(telemetry.metrics)
        conditions.append(policies.conditions)
        sink.note("started", {})
        stack.callback(sink.note, "stopped", {})
        policies.start()
        rules = [*_log_rules(log, sink)]
        if vault is not None:
            watch = VaultWatch(vault, sink.note, every=settings.reload_every)
            conditions.append(watch.conditions)
            rules.append(watch)
            stack.callback(watch.stop)
            watch.start()
        watchman = _watched(settings.alerts, telemetry, rules, policies, audited, stack)
        pages = Pages(
            telemetry=telemetry, conditions=tuple(conditions), alarms=_alarms_of(watchman)
        )
        yield AtWork(
            source=policies,
            sink=sink,
            policies=policies,
            telemetry=telemetry,
            pages=pages if settings.pages else None,
            watchman=watchman,
            digest_key=_derived(settings.log, "request digest"),
        )


def _opened(
    settings: LogSettings | None,
    open_signer: Callable[[str], Signer],
    telemetry: Telemetry,
    stack: ExitStack,
) -> DecisionLog | None:
    if settings is None:
        return None
    from assaymark.attest.tlog.heads import HeadStore

    heads = None
    if settings.state is not None:
        settings.state.mkdir(parents=True, exist_ok=True)
        heads = HeadStore(settings.state / "heads.json")
    return stack.enter_context(
        DecisionLog.open(
            settings.directory,
            open_signer(settings.key),
            heads=heads,
            seal_every=settings.seal_every,
            on_commit=telemetry.committed,
        )
    )


def _sink(
    settings: LogSettings | None, log: DecisionLog | None, observers: Sequence[Observer]
) -> Recorder | Observing:
    if settings is None or log is None:
        return Observing(observers)
    return Recorder(
        log, when_full=settings.when_full, patience=settings.patience, observers=observers
    )


def _watched(
    settings: AlertSettings | None,
    telemetry: Telemetry,
    known: Sequence[Rule],
    policies: Policies,
    audited: Iterable[tuple[SubjectKind, Sequence[Result]]],
    stack: ExitStack,
) -> Watchman | None:
    if settings is None:
        return None
    rules = list(known)
    if settings.block_rate is not None:
        rules.append(BlockRate(above=settings.block_rate))
    if settings.unjudged_share is not None:
        rules.append(UnjudgedShare(above=settings.unjudged_share))
    if settings.detector_failures is not None:
        rules.append(DetectorFailure(least=settings.detector_failures))
    if settings.drift_margin is not None:
        rates = audited_rates(audited, policies.rules())
        rules.append(Drift(audited=rates, margin=settings.drift_margin))
    sent = alert_counter()
    telemetry.metrics.add(sent)
    sender = Sender(settings.destinations, service=settings.service, sent=sent)
    watchman = Watchman(rules, lambda: rates_of(telemetry.window), sender.tell)
    stack.callback(sender.stop)
    stack.callback(watchman.stop)
    watchman.start()
    return watchman


def _log_rules(log: DecisionLog | None, sink: Recorder | Observing) -> Iterator[Rule]:
    if log is not None and isinstance(sink, Recorder):
        total = sink.total
        yield LogTrouble(state=lambda: log.state, total=lambda: total)


def _alarms_of(watchman: Watchman | None) -> Callable[[], Sequence[Notice]]:
    return (lambda: ()) if watchman is None else (lambda: watchman.active)


def _window(settings: Operations) -> float:
    return AlertSettings().window if settings.alerts is None else settings.alerts.window


def policies_of(settings: Operations, policy: str, maker: Maker, **options: Any) -> Policies:
    """Return the policies that `settings` ask for, not started.

    Args:
        settings: Of the server.
        policy: For everybody without a plan of their own.
        maker: Makes guards.
        options: Of `Policies`, such as who takes notes.
    """
    return Policies(
        settings.plans(policy),
        maker,
        switch=KillSwitch(settings.kill_switch, allows_pass=settings.kill_switch_may_pass),
        key=_derived(settings.log, "shares"),
        every=settings.reload_every,
        **options,
    )


def _derived(settings: LogSettings | None, purpose: str) -> bytes | None:
    """Return the server's key for a purpose; `None` where it has none that outlives it."""
    if settings is None or settings.digest_key is None:
        return None
    from assaymark.redaction.keys import read_secret

    return read_secret(settings.digest_key).derived(purpose)


async def anybody(_headers: Mapping[str, str]) -> None:
    """Let everybody look: for servers that only this machine reaches."""
