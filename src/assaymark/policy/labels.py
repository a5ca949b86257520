"""
What the labels of a metric can be, and which of them a policy has looked for.

A requirement about what nobody looks for could never be met by evidence, so it is a mistake of the policy,
said where it is written. tests/policy/test_requirements.py
"""

from __future__ import annotations

from assaymark.contracts.catalog import Catalog
from assaymark.contracts.check import CheckType, asked_of, words_of
from assaymark.policy.diagnostics import listed, quoted
from assaymark.policy.settings import CHECKS, SettingsReader


def vocabulary(catalog: Catalog, check: CheckType, label: str) -> tuple[str, ...]:
    """Return what `label` of the metrics of `check` can be, or nothing where nobody declares it."""
    if (declared := words_of(check).get(label)) is not None:
        return declared
    if label not in ("entity", "category"):
        return ()
    specs = [catalog.detectors[each] for each in check.meta.detectors]
    entities = [name for spec in specs for name in spec.entities]
    categories = [name for spec in specs for name in spec.categories]
    words = {"entity": entities, "category": categories}.get(label) or entities + categories
    return tuple(dict.fromkeys(words))


def switched_off(
    catalog: Catalog, settings: SettingsReader, check: CheckType, label: str, value: str
) -> tuple[str, str] | None:
    """Say that the settings in effect do not look for `value`, with what to do; `None` where they do."""
    if label in words_of(check):
        return _not_asked(settings, check, label, value)
    enabled = [settings.labels(each) for each in check.meta.detectors]
    if None in enabled or any(value in (each or ()) for each in enabled):
        return None
    section = listed([f"detectors.{each}" for each in check.meta.detectors], last="or")
    hint = f"switch it on in {section}"
    specs = [catalog.detectors[each] for each in check.meta.detectors]
    if all("entities" in each.settings.model_fields for each in specs):
        hint += ": under `entities`, beside those that are on already"
    return f"{quoted(value)} is not switched on in this policy", hint


def _not_asked(
    settings: SettingsReader, check: CheckType, label: str, value: str
) -> tuple[str, str] | None:
    own = settings.result.settings[CHECKS].get(check.meta.id)
    if own is None:
        return None  # its settings have mistakes, which are reported by themselves
    asked = asked_of(check, check.Settings.model_validate(dict(own))).get(label)
    if asked is None or value in asked:
        return None
    return (
        f"{quoted(check.meta.id)} does not ask about the {label} {quoted(value)} in this policy",
        f"it asks about {listed(asked)}; add {quoted(value)} to its settings",
    )
