"""
From a policy to what judges by it: detectors at their desks, lenses for the phases, operators.

A rule that a stream could not honour is refused here at the latest: the policy's own patterns are looked at
when they are compiled.

tests/guard/test_guard.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any

from assaymark.errors import DetectorError, PolicyError, UsageError
from assaymark.guard.answers import AnswerMemory
from assaymark.guard.desk import Desk
from assaymark.guard.lens import DEFAULT_THRESHOLD, Asked, Lens
from assaymark.guard.rewriting import Rewriter
from assaymark.guard.sessions import Session, SessionNeededError, Sessions
from assaymark.policy.guarding import (
    STREAMED,
    Action,
    GuardRule,
    GuardRules,
    OperatorName,
    Phase,
)
from assaymark.redaction.operators import Encrypt, Hash, Mask, Operator, Pseudonymise, Replace

if TYPE_CHECKING:
    from assaymark.contracts.catalog import Catalog
    from assaymark.contracts.detector import DetectorSpec, Horizon
    from assaymark.model.subject import Sha256
    from assaymark.policy.policy import Policy
    from assaymark.redaction.keys import Secret


class Optics:
    """The lenses of all phases, and the desks that they share.

    Args:
        policy: Loaded.
        catalog: What it was loaded with.
        rules: Its section `guard`.
        memory: Where answers are kept.

    Raises:
        PolicyError: A rule cannot be honoured on a stream.
        DetectorError: A detector cannot start.
    """

    def __init__(
        self, policy: Policy, catalog: Catalog, rules: GuardRules, memory: AnswerMemory
    ) -> None:
        self._policy, self._catalog, self._rules = policy, catalog, rules
        self._memory = memory
        self.desks: dict[str, Desk] = {}
        self.digests: dict[str, Sha256] = {}
        self.lenses: Mapping[Phase, Lens] = {
            phase: Lens(list(self._asked_in(phase)), policy.digest, memory, rules.deadline)
            for phase in Phase
        }

    def entities(self) -> set[str]:
        """Return every name that a replacement may have."""
        known = {entity for each in self._catalog.detectors.values() for entity in each.entities}
        for name in self.desks:
            known.update(self.spec(name).labels(self.settings(name)))
        return known

    def spec(self, detector: str) -> DetectorSpec:
        """Return the declaration of one of the `desks`."""
        return self._catalog.detectors[detector]

    def settings(self, detector: str) -> Any:
        """Return what the policy sets for one of the `desks`, with defaults filled in."""
        return self.spec(detector).settings.model_validate(dict(self._policy.detectors[detector]))

    def telling(self, asked: Iterable[Asked]) -> Lens:
        """Return a lens of detectors that tells all that they see, whatever the rules say.

        Scores are told from 0 on, and what cannot be judged does not pass.
        """
        told = [_telling(each) for each in asked]
        return Lens(told, self._policy.digest, self._memory, self._rules.deadline)

    def close(self) -> None:
        """Let the detectors go."""
        for each in self.desks.values():
            each.close()

    def _asked_in(self, phase: Phase) -> Iterable[Asked]:
        by_detector: dict[str, list[GuardRule]] = {}
        for rule in self._rules.rules[phase]:
            by_detector.setdefault(rule.detector, []).append(rule)
        for name, rules in by_detector.items():
            yield self._asked(self._catalog.detectors[name], tuple(rules), phase)

    def _asked(self, spec: DetectorSpec, rules: tuple[GuardRule, ...], phase: Phase) -> Asked:
        settings = self.settings(spec.id)
        if spec.id not in self.desks:
            detector = spec.load(settings)
            self.desks[spec.id] = Desk(spec.id, detector)
            self.digests[spec.id] = detector.digest
        acts = any(each.action >= Action.REDACT for each in rules)
        streams = phase in STREAMED and not self._rules.holds_whole_answers
        return Asked(
            desk=self.desks[spec.id],
            rules=rules,
            horizon=_horizon(spec, settings, demanded=acts and streams),
            threshold=float(getattr(settings, "threshold", DEFAULT_THRESHOLD)),
            is_prompt=spec.prompt is not None and spec.prompt(settings),
        )


def _telling(asked: Asked) -> Asked:
    rule = GuardRule(
        detector=asked.desk.name,
        action=Action.FLAG,
        entities=None,
        above=None,
        operator="replace",
        fails_closed=True,
        deadline=asked.seconds,
    )
    return replace(asked, rules=(rule,), threshold=0.0)


def _horizon(spec: DetectorSpec, settings: Any, *, demanded: bool) -> Horizon | None:
    if spec.horizon is None or spec.without_horizon(settings) is not None:
        return None
    try:
        return spec.horizon(settings)
    except DetectorError as error:
        if not demanded:
            return None
        raise PolicyError(
            f"`{spec.id}` cannot be honoured on a stream: {error.message}",
            hint="set `stream: buffer` to hold answers until they are whole, or `do: flag`",
        ) from None


@contextmanager
def naming(location: str | PathLike[str]) -> Iterator[None]:
    """Have errors about what a policy asks for begin with its `location`."""
    try:
        yield
    except (PolicyError, UsageError) as error:
        if type(error) not in (PolicyError, UsageError):
            raise
        raise type(error)(f"`{location}`: {error.message}", hint=error.hint) from None


class Operators:
    """What rules put in the place of values.

    Args:
        rules: The section `guard`.
        entities: Names that a replacement may have.
        secret: The key, if there is one.
        sessions: The vaults, if there are some.

    Raises:
        UsageError: A rule needs a key or a vault that is not given.
    """

    def __init__(
        self,
        rules: GuardRules,
        entities: Iterable[str],
        secret: Secret | None,
        sessions: Sessions | None,
    ) -> None:
        self._sessions = sessions
        self._used = {
            phase: {each.operator for each in some if each.action is Action.REDACT}
            for phase, some in rules.rules.items()
        }
        used = set().union(*self._used.values())
        for name in sorted(used & {"hash", "encrypt", "pseudonym"}):
            if secret is None:
                raise UsageError(
                    f"a rule says `with: {name}`, which needs a key",
                    hint="make one with `assaymark vault key -o redaction.key`; a server gets it by the "
                    "key `pseudonyms` of its settings, `{key: redaction.key, vault: vault.sqlite}`",
                )
        if "pseudonym" in used and sessions is None:
            raise UsageError("a rule says `with: pseudonym`, which needs a vault")
        self._fixed: dict[OperatorName, Operator] = {"replace": Replace(entities), "mask": Mask()}
        if secret is not None:
            self._fixed |= {"hash": Hash(secret), "encrypt": Encrypt(secret)}

    def rewriter(self, phase: Phase, session: Session | None) -> Rewriter:
        """Return the operators of a phase for a session.

        Raises:
            SessionNeededError: A rule needs a session and none is given.
            InputError: The vault cannot be used.
        """
        used = self._used[phase]
        operators = {name: each for name, each in self._fixed.items() if name in used}
        vault = None
        if session is not None and self._sessions is not None:
            vault = self._sessions.vault(session)
        if "pseudonym" in used:
            if vault is None:
                raise SessionNeededError
            operators["pseudonym"] = Pseudonymise(vault)
        return Rewriter(operators=operators, vault=vault, restores=phase in STREAMED)
