"""
From the probe checks of a policy and a target to evidence about a model.

    prompts ─▶ target ─▶ store of answers ─▶ transcripts ─▶ executor(worker: detectors ─▶ checks) ─▶ evidence

Everything is asked before anything is judged: a slow detector never holds a call open, and what is judged is
read in the order of the prompts, whatever came back first. tests/engine/probing/test_model_run.py
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.engine.findings import FindingCount
from assaymark.engine.probing.answer_store import AnswerStore
from assaymark.engine.probing.asking import Asking, AskProgress
from assaymark.engine.probing.limits import Limits
from assaymark.engine.probing.plan import Preview, demanded_probes, preview, questions
from assaymark.engine.probing.transcripts import portions_of
from assaymark.engine.tally import Tally
from assaymark.errors import UsageError
from assaymark.model.manifest import Manifest
from assaymark.model.subject import SubjectKind

if TYPE_CHECKING:
    from assaymark.contracts.catalog import Catalog
    from assaymark.contracts.target import Target
    from assaymark.engine.executors import Executor
    from assaymark.engine.findings import FindingTable
    from assaymark.engine.job import Worker
    from assaymark.model.evidence import SubjectEvidence
    from assaymark.policy.policy import Policy

_FEW = 1000  # answers below which starting worker processes costs more than it saves


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A target, how it may be asked, and where its answers are kept."""

    target: Target
    answers: Path
    """Of the store. It holds what the model said; see `assaymark.engine.probing.answer_store`."""

    limits: Limits = field(default_factory=Limits)
    on_progress: Callable[[AskProgress], None] = lambda _: None


def preview_of(policy: Policy, catalog: Catalog, trial: Trial) -> Preview:
    """Return what `policy` would ask. Asks nothing, and writes nothing.

    Raises:
        UsageError: No check of the policy puts prompts to a model, or the store cannot be used.
        AssaymarkError: A probe set cannot be read.
    """
    probes = demanded_probes(policy, catalog)
    if not trial.answers.exists():
        return preview(probes, trial.target, None)
    with AnswerStore(trial.answers) as store:
        return preview(probes, trial.target, store)


def judge_model(
    policy: Policy,
    catalog: Catalog,
    trial: Trial,
    *,
    worker: Worker,
    executor: Executor,
    workers: int | None,
    table: FindingTable | None,
) -> SubjectEvidence:
    """Ask what `policy` wants asked, and return what was learned.

    Raises:
        UsageError: No check of the policy puts prompts to a model, the budget of calls is too small from the
            start, or the store cannot be used.
        TargetError: The target refuses us, is gone, or the budget is used up.
        AssaymarkError: A probe set cannot be read.
    """
    probes, target = demanded_probes(policy, catalog), trial.target
    # Before it is asked, because it is closed then.
    subject, digest = target.subject, target.digest
    with AnswerStore(trial.answers) as store:
        store.forget_unsettled()
        plan = preview(probes, target, store)
        _demand_affordable(plan, trial.limits)
        Asking(
            target=target,
            store=store,
            limits=trial.limits,
            total=plan.calls,
            on_progress=trial.on_progress,
        ).run(questions(probes, plan, target, store))
        names = [each.id for each in probes]
        over_rows = [
            name
            for name, check in worker.checks.items()
            if SubjectKind.MODEL in check.meta.on and name not in names
        ]
        tally = Tally(
            policy=policy,
            catalog=catalog,
            worker=worker,
            findings=FindingCount(subject.name, table),
            states={each: worker.checks[each].start() for each in (*names, *over_rows)},
            failed={each.check: each.refused for each in plan.checks if each.refused is not None},
        )
        number = (1 if plan.draws < _FEW else executor.cores) if workers is None else workers
        for probe in probes:
            if plan.is_run(probe.id):
                work, fed = portions_of(probe, digest, store), (probe.id, *over_rows)
                for partial in executor.run(work, fed, workers=number):
                    tally.add(partial)
    return tally.finish(subject, tally.coverage.finish(target), Manifest())


def _demand_affordable(plan: Preview, limits: Limits) -> None:
    if limits.calls is not None and plan.calls > limits.calls:
        raise UsageError(
            f"{plan.calls:,} prompts are to be put, and the budget is {limits.calls:,} calls",
            hint="nothing was asked; `--dry-run` shows what each check asks",
        )
