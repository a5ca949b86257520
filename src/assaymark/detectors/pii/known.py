"""
What the names in a detector's settings may be, and what to say about one that may not.

tests/detectors/test_pii_settings.py shows each message.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from assaymark.detectors.names import known_name, refusal
from assaymark.detectors.pii.nlp.choice import (
    EMBEDDED,
    NONE,
    READ_BY_EMBEDDED,
    NameChoice,
    parse_choice,
)
from assaymark.detectors.pii.vocabulary import (
    COUNTRIES,
    ENTITIES,
    MODEL_ENTITIES,
    RECOGNIZERS,
    TOKENIZERS,
)

if TYPE_CHECKING:
    from pydantic import ValidationInfo

PATTERNS_ONLY = "pii-patterns"
"""The detector that knows no names."""

NAMES_ONLY = "pii-names"
"""The detector that knows nothing else."""


def known_language(value: str) -> str:
    """Return `value` if it is a language that texts can be read in."""
    message = f"no recognizer reads the language `{value}`"
    return known_name(value, TOKENIZERS, kind="unknown-language", message=message)


def known_country(value: str) -> str:
    """Return `value` if it is a country whose identifiers are known."""
    message = f"no recognizer knows the identifiers of the country `{value}`"
    return known_name(value, COUNTRIES, kind="unknown-country", message=message)


def known_entity(value: str, info: ValidationInfo) -> str:
    """Return `value` if it can be found with the settings before it."""
    own = info.data.get("recognizers", ())
    if value in {each.supported_entity for each in own}:
        return value
    is_names_only = (info.config or {}).get("title") == NAMES_ONLY
    known_name(
        value,
        MODEL_ENTITIES if is_names_only else (*ENTITIES, *(each.supported_entity for each in own)),
        kind="unknown-entity",
        message=f"no name is called `{value}`"
        if is_names_only
        else f"no recognizer finds `{value}`",
        otherwise=None if is_names_only else "entities are named like `EMAIL_ADDRESS` or `US_SSN`",
    )
    languages, nlp = info.data.get("languages"), info.data.get("nlp")
    if languages is None or nlp is None or "names" not in info.data:
        return value  # wrong themselves, and reported as such
    if value in MODEL_ENTITIES:
        is_patterns_only = (info.config or {}).get("title") == PATTERNS_ONLY
        choice = choice_of(nlp, info.data["names"], languages, (value,))
        if is_patterns_only or choice.engine == NONE:
            engine = EMBEDDED if READ_BY_EMBEDDED in languages else "spacy:de_core_news_md"
            raise refusal(
                "entity-needs-model",
                f"`{value}` cannot be found without a trained model",
                "put it under the detector `pii`"
                if is_patterns_only
                else f"say with `names` who finds names, such as `names: {engine}`",
            )
        return value
    able = [each for each in RECOGNIZERS if each.entity == value]
    if not any(each.reads(language) for each in able for language in languages):
        needed = [language for each in able for language in each.languages]
        raise refusal(
            "entity-needs-language",
            f"`{value}` is not looked for in {quoted(languages)}",
            f"add {quoted(needed, ' or ')} to `languages`",
        )
    return value


def quoted(names: Iterable[str], joint: str = ", ") -> str:
    """Return `names` as a message lists them."""
    return joint.join(f"`{each}`" for each in names)


def choice_of(
    nlp: str, names: str | None, languages: Iterable[str], entities: Iterable[str]
) -> NameChoice:
    """Return who finds names where a policy says `nlp` and `names`."""
    if names is not None:
        return parse_choice(names)
    if nlp != "blank":
        return parse_choice(nlp)
    is_asked = READ_BY_EMBEDDED in languages and not set(MODEL_ENTITIES).isdisjoint(entities)
    return NameChoice(EMBEDDED if is_asked else NONE)
