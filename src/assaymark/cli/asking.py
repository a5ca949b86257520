"""
A model on the command line: which one, how fast, for how much, and what that would come to.

Answers are kept in DIR.answers while a run lasts, because they were paid for: a run that ends early, however
it ends, goes on from there with `--resume`. After a run that succeeds, the file is removed, unless `--resume`
asks for it to stay.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.contracts.catalog import Catalog
    from assaymark.engine.probing.limits import Limits, Prices
    from assaymark.engine.probing.model_run import Trial
    from assaymark.policy.policy import Policy

F = TypeVar("F", bound=Callable[..., Any])

_WHOLE = re.compile(r"[1-9][0-9]{0,14}")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """The models that a command line names, and how they may be asked."""

    names: tuple[str, ...]
    dry_run: bool
    prompts: Path | None
    budget: tuple[str, ...]
    rate: tuple[str, ...]
    price: str | None
    concurrency: int
    attempts: int
    timeout: float

    @property
    def paths(self) -> tuple[str, ...]:
        """The models that are files."""
        named = [each.partition(":") for each in self.names]
        return tuple(path for kind, _, path in named if kind in ("hf", "recorded") and path)

    def limits(self) -> Limits:
        """Return what every run must keep.

        Raises:
            UsageError: A budget, rate or price is none.
        """
        from assaymark.engine.probing.limits import Limits

        budget = _amounts(
            "--budget", self.budget, {"calls": _WHOLE, "tokens": _WHOLE, "cost": _DECIMAL}
        )
        rate = _amounts("--rate", self.rate, {"calls": _WHOLE, "tokens": _WHOLE})
        if "cost" in budget and self.price is None:
            raise UsageError(
                "a budget of money needs the price of a million tokens",
                hint="such as `--price 0.15/0.60`: what is asked, and what is answered",
            )
        return Limits(
            concurrency=self.concurrency,
            attempts=self.attempts,
            timeout=self.timeout,
            calls=_whole(budget, "calls"),
            tokens=_whole(budget, "tokens"),
            cost=float(budget["cost"]) if "cost" in budget else None,
            calls_a_minute=_whole(rate, "calls"),
            tokens_a_minute=_whole(rate, "tokens"),
            prices=self.prices(),
        )

    def prices(self) -> Prices | None:
        """Return what a million tokens cost, where that was said.

        Raises:
            UsageError: It is no pair of numbers.
        """
        from assaymark.engine.probing.limits import Prices

        if self.price is None:
            return None
        asked, slash, answered = self.price.partition("/")
        if not slash or not _DECIMAL.fullmatch(asked) or not _DECIMAL.fullmatch(answered):
            raise UsageError(
                "`--price` expects two numbers with a slash",
                hint="such as `--price 0.15/0.60`: a million tokens asked, and a million answered",
            )
        return Prices(asked=float(asked), answered=float(answered))

    def trials(self, answers: Path) -> tuple[Trial, ...]:
        """Open the models.

        Raises:
            AssaymarkError: A name is wrong, or a model cannot be opened.
        """
        if not self.names:
            return ()
        from assaymark.engine.probing.model_run import Trial
        from assaymark.inputs.targets.registry import open_target

        limits = self.limits()
        return tuple(
            Trial(target=open_target(each), answers=answers, limits=limits) for each in self.names
        )


def model_options(command: F) -> F:
    """Add `--model` and what goes with it to a command, and hand it a `Models`."""

    @click.option(
        "--model",
        "names",
        multiple=True,
        metavar="TARGET",
        help="A model to ask: openai:NAME, vllm:NAME@URL, hf:FOLDER, ... (docs/targets.md).",
    )
    @click.option("--dry-run", is_flag=True, help="Show what would be asked, and ask nothing.")
    @click.option(
        "--prompts",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Write what any model would be asked, to record answers elsewhere, and ask nothing.",
    )
    @click.option(
        "--budget",
        multiple=True,
        metavar="WHAT=N",
        help="Spend no more than calls=N, tokens=N or cost=X on each model.",
    )
    @click.option("--price", metavar="A/B", help="Of a million tokens asked, and answered.")
    @click.option(
        "--rate", multiple=True, metavar="WHAT=N", help="No more than calls=N or tokens=N a minute."
    )
    @click.option(
        "--concurrency",
        type=click.IntRange(1, 1024),
        default=8,
        show_default=True,
        metavar="N",
        help="Prompts asked at once.",
    )
    @click.option(
        "--attempts",
        type=click.IntRange(1, 100),
        default=5,
        show_default=True,
        metavar="N",
        help="How often a prompt is put while it gets no answer.",
    )
    @click.option(
        "--timeout",
        type=click.FloatRange(0, 3600, min_open=True),
        default=120.0,
        show_default=True,
        metavar="S",
        help="Seconds that one attempt may take.",
    )
    @functools.wraps(command)
    def wrapped(  # noqa: PLR0913 - one parameter for each option
        *args: Any,
        names: tuple[str, ...],
        dry_run: bool,
        prompts: Path | None,
        budget: tuple[str, ...],
        price: str | None,
        rate: tuple[str, ...],
        concurrency: int,
        attempts: int,
        timeout: float,
        **kwargs: Any,
    ) -> Any:
        if dry_run and not names:
            raise UsageError(
                "`--dry-run` shows what a model would be asked", hint="name one: `--model TARGET`"
            )
        if prompts is not None and names:
            raise UsageError(
                "`--prompts` writes what any model would be asked", hint="leave out `--model`"
            )
        models = Models(
            names=names,
            dry_run=dry_run,
            prompts=prompts,
            budget=budget,
            price=price,
            rate=rate,
            concurrency=concurrency,
            attempts=attempts,
            timeout=timeout,
        )
        return command(*args, models=models, **kwargs)

    return wrapped  # type: ignore[return-value]  # one keyword in the place of nine


@contextmanager
def kept_answers(path: Path, trials: Sequence[Trial], *, resume: bool) -> Iterator[None]:
    """Keep answers in `path` while models are asked; remove it after success, unless they go on being used.

    Raises:
        UsageError: There are answers of an earlier run, and nobody says what is to become of them.
    """
    if trials and not resume and path.exists():
        raise UsageError(
            f"`{path}` holds what models answered in an earlier run",
            hint="`--resume` goes on from there; remove it to ask everything anew",
        )
    if trials:
        path.parent.mkdir(parents=True, exist_ok=True)
    yield
    if trials and not resume:
        for each in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
            each.unlink(missing_ok=True)


def preview_shown(policy: Policy, catalog: Catalog, trials: Sequence[Trial]) -> tuple[Any, str]:
    """Return what would be asked, for scripts and for people.

    Raises:
        AssaymarkError: No check asks a model, or a probe set cannot be read.
    """
    from assaymark.engine.probing.model_run import preview_of

    plans = [(trial, preview_of(policy, catalog, trial)) for trial in trials]
    data = [_preview_data(trial, plan) for trial, plan in plans]
    lines = [line for trial, plan in plans for line in _preview_lines(trial, plan)]
    return {"asked": 0, "models": data}, "\n".join([*lines, "nothing was asked"])


def _preview_data(trial: Trial, plan: Any) -> dict[str, Any]:
    prices = trial.limits.prices
    return {
        "model": trial.target.name,
        "subject": trial.target.subject.digest,
        "checks": [
            {
                "check": each.check,
                "prompts": each.prompts,
                "answers": each.draws,
                **({} if each.refused is None else {"notRun": each.refused}),
            }
            for each in plan.checks
        ],
        "known": plan.known,
        "calls": plan.calls,
        "tokensAtMost": {"asked": plan.tokens.asked, "answered": plan.tokens.answered},
        **({} if prices is None else {"costAtMost": round(prices.of(plan.tokens), 6)}),
    }


def _preview_lines(trial: Trial, plan: Any) -> Iterator[str]:
    from assaymark.cli.show import one_line
    from assaymark.model.numbers import plural

    yield one_line(trial.target.name)
    for each in plan.checks:
        words = f"{plural(each.prompts, 'prompt')}, {plural(each.draws, 'answer')}"
        yield f"  {each.check:24} {words if each.refused is None else f'not run: {each.refused}'}"
    tokens, prices = plan.tokens, trial.limits.prices
    known = f", {plan.known:,} answered before" if plan.known else ""
    yield f"  {'calls':24} {plan.calls:,}{known}"
    yield f"  {'tokens at most':24} {tokens.asked:,} asked, {tokens.answered:,} answered"
    if prices is not None:
        # Upwards, so that what is called the most is not less.
        yield f"  {'cost at most':24} {math.ceil(prices.of(tokens) * 100) / 100:,.2f}"


def _amounts(
    option: str, given: Sequence[str], known: dict[str, re.Pattern[str]]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        what, _, number = each.partition("=")
        if what not in known or not known[what].fullmatch(number) or what in found:
            choice = " or ".join(f"`{option} {name}=N`" for name in known)
            raise UsageError(f"`{option}` expects each amount once", hint=f"write {choice}")
        found[what] = number
    return found


def _whole(amounts: dict[str, str], name: str) -> int | None:
    return int(amounts[name]) if name in amounts else None
