from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from assaymark.detectors.harm.categories import (
    CATEGORIES,
    FROM_AILUMINATE,
    FROM_DETOXIFY,
    FROM_OPENAI,
    gather,
    known_to,
)
from assaymark.detectors.harm.guard_answers import DIALECTS
from assaymark.detectors.harm.settings import HarmSettings, categories_of, idle_settings


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model": "openai-moderation"}, "`openai-moderation` needs `url`"),
        ({"model": "detoxify:unbiased"}, "`detoxify:unbiased` needs `sha256`"),
        (
            {"model": "detoxify:original", "checkpoint": "x.ckpt"},
            "`detoxify:original` needs `sha256`",
        ),
        ({"checkpoint": "x.ckpt"}, "`embedded` is in the package and takes no `checkpoint`"),
        ({"sha256": "ABC"}, "expected 64 lower-case hexadecimal digits"),
        ({"model": "openai-moderation", "url": "http://example.org/"}, "expected an https address"),
        ({"model": "openai-moderation", "url": "ftp://127.0.0.1/"}, "expected an https address"),
        (
            {"model": "detoxify:multilingual", "sha256": "c7548aa0" + "0" * 56},
            "the published checkpoint of `detoxify:multilingual` has a SHA-256 that begins with 0b549669",
        ),
        ({"model": "guard:llama-guard", "remote_model": "m"}, "`guard:llama-guard` needs `url`"),
        (
            {"model": "guard:llama-guard", "url": "https://example.org/"},
            "`guard:llama-guard` needs `remote_model`",
        ),
        ({"model": "guard:gemini"}, "Input should be"),
        ({"model": "transformers", "checkpoint": "x"}, "`transformers` needs `sha256`"),
        (
            {"model": "transformers", "checkpoint": "x", "sha256": "0" * 64},
            "`transformers` needs `labels`",
        ),
        (
            {"model": "transformers", "labels": {"LABEL_1": "toxcity"}},
            "no category of harm is called `toxcity`; did you mean `toxicity`",
        ),
        ({"surprise": 1}, "Extra inputs are not permitted"),
    ],
)
def test_unsafe_or_incomplete_settings_are_refused(given, message):
    """What would send text in the clear, or open an unpinned file, is no setting."""
    with pytest.raises(ValidationError, match=message):
        HarmSettings(**given)


def test_http_is_allowed_to_this_machine():
    """A model server on loopback needs no certificate."""
    HarmSettings(model="openai-moderation", url="http://localhost:8000/v1/moderations")


def test_each_scorer_offers_only_what_it_knows():
    """Detoxify knows nothing of self-harm; a requirement about it must not be met by silence."""
    original = categories_of(HarmSettings(model="detoxify:original"))
    unbiased = categories_of(HarmSettings(model="detoxify:unbiased", sha256="c7548aa0" + "0" * 56))
    endpoint = categories_of(HarmSettings(model="openai-moderation", url="https://example.org/"))

    assert original == (
        "harmful", "toxicity", "severe_toxicity", "insult", "identity_attack", "threat", "obscenity",
    )  # fmt: skip
    assert set(unbiased) - set(original) == {"sexual"}
    assert "self_harm" in endpoint
    assert "toxicity" not in endpoint
    assert categories_of(HarmSettings()) == CATEGORIES
    guard = {"url": "https://example.org/", "remote_model": "m"}
    assert categories_of(HarmSettings(model="guard:yes-no", **guard)) == ("harmful",)
    assert categories_of(HarmSettings(model="guard:llama-guard", **guard)) == (
        "harmful", "identity_attack", "sexual", "violence", "self_harm", "illicit",
    )  # fmt: skip
    own = {"checkpoint": "x", "sha256": "0" * 64, "labels": {"LABEL_1": "insult"}}
    assert categories_of(HarmSettings(model="transformers", **own)) == ("harmful", "insult")


def test_every_mapping_ends_in_a_declared_category():
    """No scorer's name leads outside the vocabulary."""
    reached = {*FROM_DETOXIFY.values(), *FROM_OPENAI.values(), *FROM_AILUMINATE.values()}
    reached.update(*(each.names.values() for each in DIALECTS.values()))
    assert reached <= set(CATEGORIES)
    assert len(FROM_OPENAI) == 13
    assert known_to({}) == ("harmful",)


def test_gathering_takes_the_highest():
    """Two names of one category: the surer one counts."""
    found = gather({"sexual": 0.2, "sexual/minors": 0.7, "unheard-of": 1.0}, FROM_OPENAI)

    assert found == {"sexual": 0.7, "harmful": 0.7}


def test_declaring_loads_no_model_library():
    """`policy check` must not wait for torch."""
    code = (
        "import sys; import assaymark.detectors.harm.spec; "
        "print([m for m in ('torch', 'transformers', 'httpx', 'detoxify', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({}, {"model", "cascade"}),
        (
            {"model": "openai-moderation", "url": "https://example.org/v1/moderations"},
            {"model", "url", "remote_model", "api_key_env", "timeout", "retries"},
        ),
    ],
)
def test_settings_of_other_models_are_idle(settings: dict[str, str], shown: set[str]) -> None:
    """Each setting serves some family, or all."""
    parsed = HarmSettings.model_validate(settings)

    assert set(HarmSettings.model_fields) - set(idle_settings(parsed)) == shown
