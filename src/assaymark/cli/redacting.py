"""From the words of `assaymark redact` to detectors and operators."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assaymark.errors import RegistryError, UsageError

if TYPE_CHECKING:
    from assaymark.contracts.catalog import Catalog
    from assaymark.contracts.detector import Detector
    from assaymark.model.evidence import Settings
    from assaymark.redaction.keys import Secret
    from assaymark.redaction.operators import Operator

MODES = ("replace", "mask", "hash", "pseudonym", "encrypt", "drop")
KEEP = "keep"

DEFAULT_DETECTORS = ("pii", "secrets")

_KEYED = ("hash", "pseudonym", "encrypt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """The detectors of a run."""

    detectors: Mapping[str, Detector]
    entities: tuple[str, ...]
    """What may be found with their settings."""

    looked_for: Mapping[str, tuple[str, ...]]
    """By detector: which of these it may find."""

    names: frozenset[str]
    """Every entity that an installed detector knows, so that earlier replacements are recognised."""

    blind_spots: tuple[str, ...]


def load_detectors(catalog: Catalog, names: str | None, policy: str | None) -> Looking:
    """Load the detectors that were named, else those of the policy, else the usual ones.

    Raises:
        RegistryError: A detector is not installed.
        PolicyError: The policy cannot be used.
        UsageError: A detector gives scores and finds no entities.
        MissingExtraError: A detector needs a part that is not installed.
        DetectorError: A detector cannot start.
    """
    from assaymark.engine.held import HeldDetector

    configured: Mapping[str, Settings] = {}
    if policy is not None:
        from assaymark.policy.load import load_policy

        configured = load_policy(policy, catalog).detectors
    if names is not None:
        chosen = [each.strip() for each in names.split(",")]
    else:
        chosen = [each for each in configured if catalog.detectors[each].entities]
        chosen = chosen or [each for each in DEFAULT_DETECTORS if each in catalog.detectors]
    detectors: dict[str, Detector] = {}
    looked_for: dict[str, tuple[str, ...]] = {}
    blind: list[str] = []
    for name in chosen:
        if name not in catalog.detectors:
            known = ", ".join(catalog.detectors)
            raise RegistryError(f"no detector `{name}` is installed", hint=f"choose from {known}")
        spec = catalog.detectors[name]
        if spec.categories and not spec.entities:
            raise UsageError(
                f"the detector `{name}` finds no entities", hint="name another with `--detectors`"
            )
        settings = configured.get(name, {})
        held = HeldDetector(spec, settings)
        detectors[name] = held
        looked_for[name] = tuple(each for each in held.labels if each not in spec.categories)
        # Who looks for names besides is not told that `pii` alone does not.
        if spec.blind_spots is not None and "pii-names" not in chosen:
            blind += spec.blind_spots(spec.settings.model_validate(dict(settings)))
    entities = tuple(dict.fromkeys(each for some in looked_for.values() for each in some))
    known_names = {each for spec in catalog.detectors.values() for each in spec.entities}
    return Looking(
        detectors=detectors,
        entities=entities,
        looked_for=looked_for,
        names=frozenset({*known_names, *entities}),
        blind_spots=tuple(blind),
    )


def parse_modes(words: Sequence[str], entities: Sequence[str]) -> dict[str, str]:
    """Read `ENTITY=MODE` words.

    Raises:
        UsageError: An entity or a mode is unknown, or an entity stands twice.
    """
    modes: dict[str, str] = {}
    for word in words:
        entity, _, mode = word.partition("=")
        if entity not in entities:
            near = difflib.get_close_matches(entity, entities, n=1)
            raise UsageError(
                f"`{entity}` is no entity that these detectors look for",
                hint=f"did you mean `{near[0]}`?"
                if near
                else "see `assaymark checks show pii-exposure`",
            )
        if mode not in (*MODES, KEEP):
            raise UsageError(
                f"`{mode}` is no mode", hint=f"choose from {', '.join((*MODES, KEEP))}"
            )
        if entity in modes:
            raise UsageError(f"`{entity}` stands twice behind `--entity`")
        modes[entity] = mode
    return modes


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What operators need beside the mode."""

    secret: Secret | None
    vault: Path | None
    space: str
    lives: timedelta | None


def make_operators(
    modes: Mapping[str, str], otherwise: str, names: frozenset[str], means: Means, stack: ExitStack
) -> tuple[dict[str, Operator | None], Operator]:
    """Return the operator of each entity, and that of all others. A vault is closed with `stack`.

    Raises:
        KeyFileError: The vault was made with another key.
        UsageError: A part is missing, or was given and serves nothing.
        InputError: The vault cannot be used.
    """
    used = {*modes.values(), otherwise}
    if (keyed := sorted(used.intersection(_KEYED))) and means.secret is None:
        raise UsageError(
            f"the mode `{keyed[0]}` needs a redaction key",
            hint="name it with `--key FILE`; `assaymark vault key -o FILE` makes one",
        )
    if "pseudonym" in used and means.vault is None:
        raise UsageError(
            "the mode `pseudonym` needs a vault",
            hint="name the file with `--vault`; it is made where it does not exist",
        )
    if "pseudonym" not in used and (means.vault is not None or means.lives is not None):
        raise UsageError("`--vault` and `--lives` go with the mode `pseudonym`")
    made: dict[str, Operator | None] = {KEEP: None}
    for mode in sorted(used - {KEEP}):
        made[mode] = _operator(mode, names, means, stack)
    last = made[otherwise]
    assert last is not None  # noqa: S101 - `keep` is no mode for all
    return {entity: made[mode] for entity, mode in modes.items()}, last


def _operator(mode: str, names: frozenset[str], means: Means, stack: ExitStack) -> Operator:
    from assaymark.redaction.operators import Encrypt, Hash, Mask, Pseudonymise, Replace
    from assaymark.redaction.vault import Vault

    if mode == "mask":
        return Mask()
    if mode in ("replace", "drop") or means.secret is None:
        # What is dropped is found like anything else; its replacement goes with its record.
        return Replace(names)
    if mode == "hash":
        return Hash(means.secret)
    if mode == "encrypt":
        return Encrypt(means.secret)
    assert means.vault is not None  # noqa: S101 - demanded above
    vault = Vault(means.vault, means.secret, space=means.space, lives=means.lives)
    return Pseudonymise(stack.enter_context(vault))


def settings_of(
    looking: Looking, modes: Mapping[str, str], otherwise: str, means: Means, **others: Any
) -> dict[str, Any]:
    """Return what can change the result: for the change log, and for the journal of a run."""
    keyed = None if means.secret is None else means.secret.derived("fingerprint", means.space).hex()
    return {
        "mode": otherwise,
        "entities": dict(sorted(modes.items())),
        "detectors": {name: each.digest for name, each in sorted(looking.detectors.items())},
        "key": keyed,
        "space": means.space,
        "days": None if means.lives is None else means.lives.days,
        **others,
    }
