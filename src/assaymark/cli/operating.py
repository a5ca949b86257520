"""
A server with everything that its settings ask for: the decision log, policies that change, alerts.

Where the gate admitted the policy, only that version is served: another one that comes to lie in its place
is not taken, since no report was shown for it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assaymark.cli.passphrase import LOG_KEY_CHANNEL
from assaymark.cli.report_paths import bundle_in, read_document
from assaymark.cli.signing import open_signer
from assaymark.errors import AssaymarkError, UsageError

if TYPE_CHECKING:
    from assaymark.attest.keys import Signer
    from assaymark.cli.show import Show
    from assaymark.cli.trusting import Opening
    from assaymark.guard.life.watching import Maker
    from assaymark.guard.operations.vault_watch import VaultPlace
    from assaymark.guard.proxy.settings import ServeSettings
    from assaymark.model.measurement import Result
    from assaymark.model.subject import SubjectKind


def audited_in(
    reports: Sequence[Path], trust: Path | None, opening: Opening
) -> list[tuple[SubjectKind, Sequence[Result]]]:
    """Return what the reports measured that the gate admitted, each verified again.

    Raises:
        NotAuthenticError: One does not hold any more.
    """
    if trust is None:
        return []
    from assaymark.attest.report import read_report
    from assaymark.cli.judging import judged
    from assaymark.cli.trusting import opened

    believed = opened(trust, opening)
    found: list[tuple[SubjectKind, Sequence[Result]]] = []
    for each in reports:
        statement = judged(read_document(bundle_in(each)), believed, path=each)
        found += [(part.kind, part.measurements) for part in read_report(statement).subjects]
    return found


def serve_operated(
    show: Show,
    settings: ServeSettings,
    told: Mapping[str, Any],
    *,
    pinned: frozenset[str] | None,
    audited: Sequence[tuple[SubjectKind, Sequence[Result]]],
) -> None:
    """Serve until a signal says to stop; SIGHUP has the policies read again.

    Args:
        show: Where the address is told.
        settings: Of the server.
        told: What is told with it.
        pinned: Digests of the only policies that may be served; `None` for any.
        audited: What reports measured.

    Raises:
        UsageError: Drift is to be watched, and there is no report.
    """
    from assaymark.guard.apis import apis
    from assaymark.guard.operations.at_work import operate
    from assaymark.guard.proxy.server import application_of, serve

    _demand_audited(settings, audited)
    with operate(
        settings.operations,
        settings.policy,
        _maker(settings, pinned),
        open_signer=_log_signer,
        audited=audited,
        vault=_vault_of(settings),
    ) as at_work:
        application = application_of(
            settings,
            at_work.source,
            sink=at_work.sink,
            contracts=apis if settings.contracts else None,
            digest_key=at_work.digest_key,
        )
        _reload_on_hangup(at_work.policies.reload)
        policy = told["policy"]["sha256"]
        lines = [f"policy  sha256:{policy}"]
        if settings.operations.log is not None:
            lines.append(f"log     {settings.operations.log.directory}")
        if not settings.keys:
            lines.append("everybody on this machine may ask: the settings have no `keys`")
        serve(
            at_work.with_pages(application, application.keys.demand_operator),
            settings.listen,
            settings.limits,
            on_start=lambda url: show.result({**told, "url": url}, url, *lines),
        )


def demand_operable(
    settings: ServeSettings,
    *,
    pinned: frozenset[str] | None,
    audited: Sequence[tuple[SubjectKind, Sequence[Result]]],
) -> tuple[AssaymarkError, ...]:
    """Demand what `serve_operated` demands: nothing is started or written.

    Args:
        settings: Of the server.
        pinned: As for `serve_operated`.
        audited: As for `serve_operated`.

    Returns:
        What another process holds now: the address, or the log. It may be the server that is to be replaced.

    Raises:
        AssaymarkError: As `serve_operated` does.
    """
    from assaymark.guard.apis import apis
    from assaymark.guard.operations.rehearsal import rehearse, writer_of
    from assaymark.guard.proxy.server import application_of, demand_servable

    _demand_audited(settings, audited)
    with rehearse(
        settings.operations,
        settings.policy,
        _maker(settings, pinned),
        open_signer=_log_signer,
        vault=_vault_of(settings),
    ) as policies:
        contracts = apis if settings.contracts else None
        application = application_of(settings, policies, contracts=contracts)
        taken = demand_servable(application, settings.listen, settings.limits)
    return tuple(each for each in (taken, writer_of(settings.operations)) if each is not None)


def _demand_audited(
    settings: ServeSettings, audited: Sequence[tuple[SubjectKind, Sequence[Result]]]
) -> None:
    alerts = settings.operations.alerts
    if alerts is not None and alerts.drift_margin is not None and not audited:
        raise UsageError(
            "drift is measured against a report, and none is given",
            hint="give `--require-report`, `--trust` and `--subject`, or leave `drift` out",
        )


def _maker(settings: ServeSettings, pinned: frozenset[str] | None) -> Maker:
    from assaymark.engine.catalog import installed_catalog
    from assaymark.guard.life.watching import Maker
    from assaymark.redaction.keys import read_secret

    catalog, kept = installed_catalog(), settings.pseudonyms
    if kept is None:
        return Maker(catalog, pinned=pinned)
    return Maker(
        catalog, pinned=pinned, secret=read_secret(kept.key), vault=kept.vault, lives=kept.lives
    )


def _vault_of(settings: ServeSettings) -> VaultPlace | None:
    from assaymark.guard.operations.vault_watch import VaultPlace
    from assaymark.redaction.keys import read_secret

    kept = settings.pseudonyms
    return None if kept is None else VaultPlace(path=kept.vault, secret=read_secret(kept.key))


def _log_signer(name: str) -> Signer:
    return open_signer(name, None, LOG_KEY_CHANNEL)


def _reload_on_hangup(reload: Any) -> None:
    def on_hangup(_number: int, _frame: object) -> None:
        # A signal's handler holds everything up; reading policies takes a while.
        threading.Thread(target=reload, name="assaymark-reload", daemon=True).start()

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGHUP, on_hangup)
