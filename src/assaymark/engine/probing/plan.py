"""
What the checks of a policy put to a model, and what that comes to, before anything is asked.

A check whose prompts the target does not take is not run, and its metrics say so.
tests/engine/probing/test_plan.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assaymark.contracts.target import Prompt
from assaymark.contracts.transcript import ProbePrompt
from assaymark.engine.job import raised
from assaymark.engine.probing.answer_store import key_of
from assaymark.engine.probing.limits import Tokens, most_tokens
from assaymark.errors import AssaymarkError, UsageError

if TYPE_CHECKING:
    from assaymark.contracts.catalog import Catalog
    from assaymark.contracts.target import Target
    from assaymark.engine.probing.answer_store import AnswerStore
    from assaymark.policy.policy import Policy

_AT_ONCE = 500  # prompts that are looked up together


@dataclass(frozen=True, slots=True)
class Probe:
    """A check that puts prompts to a model."""

    id: str
    check: Any
    """The class."""

    settings: Any
    """Parsed."""

    def prompts(self) -> Iterator[ProbePrompt]:
        """Yield what it asks.

        Raises:
            AssaymarkError: A probe set cannot be read.
        """
        yield from self.check.prompts(self.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one check asks."""

    check: str
    prompts: int
    draws: int
    """Answers that it wants, the repeats counted."""

    refused: str | None = None
    """Why it is not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a run would ask, and what that takes."""

    checks: tuple[Asked, ...]
    draws: int
    known: int
    """Draws that were answered before."""

    calls: int
    """Distinct prompts to be put, if none has to be put twice."""

    tokens: Tokens
    """Of these calls, at most."""

    def is_run(self, check: str) -> bool:
        """Return whether `check` is run."""
        return all(each.refused is None for each in self.checks if each.check == check)


def probes_of(policy: Policy, catalog: Catalog) -> tuple[Probe, ...]:
    """Return the checks of `policy` that put prompts to a model, by id."""
    return tuple(
        Probe(name, check, check.Settings.model_validate(dict(settings)))
        for name, settings in sorted(policy.checks.items())
        if hasattr(check := catalog.checks[name], "prompts")
    )


def demanded_probes(policy: Policy, catalog: Catalog) -> tuple[Probe, ...]:
    """Return the same, of which there is one at least.

    Raises:
        UsageError: There is none.
    """
    probes = probes_of(policy, catalog)
    if not probes:
        raise UsageError(
            "no check of the policy puts prompts to a model",
            hint="`assaymark checks list` shows which checks are for models",
        )
    return probes


def preview(probes: Iterable[Probe], target: Target, store: AnswerStore | None) -> Preview:
    """Return what `probes` would ask of `target`. Asks nothing.

    Raises:
        AssaymarkError: A probe set cannot be read.
    """
    capabilities, digest = target.capabilities, target.digest
    missing: dict[bytes, Tokens] = {}
    seen: set[bytes] = set()
    checks: list[Asked] = []
    known = 0
    for probe in probes:
        asked, keys = _survey(probe, capabilities, digest)
        checks.append(asked)
        new = {key: most for key, most in keys.items() if key not in seen}
        seen |= new.keys()
        answered = set() if store is None else store.settled(list(new))
        known += len(answered)
        missing.update({key: most for key, most in new.items() if key not in answered})
    return Preview(
        checks=tuple(checks),
        draws=sum(each.draws for each in checks if each.refused is None),
        known=known,
        calls=len(missing),
        tokens=Tokens(
            sum(each.asked for each in missing.values()),
            sum(each.answered for each in missing.values()),
        ),
    )


def _survey(
    probe: Probe, capabilities: frozenset[Any], digest: Any
) -> tuple[Asked, Mapping[bytes, Tokens]]:
    keys: dict[bytes, Tokens] = {}
    prompts = draws = 0
    ids: set[str] = set()
    refused: str | None = None
    try:
        for each in probe.prompts():
            _demand_sound(each, ids)
            if each.prompt.asks not in capabilities:
                refused = f"the model offers no {each.prompt.asks.value}"
                break
            prompts += 1
            for draw in each.draws():
                draws += 1
                keys[key_of(digest, draw)] = most_tokens(draw)
    except AssaymarkError:
        raise
    except Exception as error:  # noqa: BLE001 - third-party code; the reason has no content
        refused = raised(error)
    if refused is not None:
        return Asked(check=probe.id, prompts=0, draws=0, refused=refused), {}
    return Asked(check=probe.id, prompts=prompts, draws=draws), keys


def _demand_sound(prompt: ProbePrompt, ids: set[str]) -> None:
    if prompt.id in ids or prompt.repeats < 1 or prompt.prompt.repeat:
        raise ValueError("expected ids that differ, repeats of at least 1, and a first draw")
    ids.add(prompt.id)


def questions(
    probes: Iterable[Probe], plan: Preview, target: Target, store: AnswerStore
) -> Iterator[tuple[bytes, Prompt]]:
    """Yield every distinct prompt that is not answered yet, with its key, in the order of the checks."""
    digest = target.digest
    seen: set[bytes] = set()
    for probe in probes:
        if not plan.is_run(probe.id):
            continue
        waiting: dict[bytes, Prompt] = {}
        for each in probe.prompts():
            for draw in each.draws():
                key = key_of(digest, draw)
                if key not in seen:
                    seen.add(key)
                    waiting[key] = draw
            if len(waiting) >= _AT_ONCE:
                yield from _unanswered(waiting, store)
                waiting = {}
        yield from _unanswered(waiting, store)


def _unanswered(
    waiting: Mapping[bytes, Prompt], store: AnswerStore
) -> Iterator[tuple[bytes, Prompt]]:
    known = store.settled(list(waiting))
    yield from ((key, draw) for key, draw in waiting.items() if key not in known)
