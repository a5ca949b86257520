"""What a policy may say under `detectors: harm:`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from assaymark.detectors.harm.categories import (
    CATEGORIES,
    FROM_DETOXIFY,
    FROM_OPENAI,
    known_to,
)
from assaymark.detectors.harm.guard_answers import DIALECTS
from assaymark.detectors.names import known_name

PINNED: dict[str, str] = {
    # The first eight digits are part of the published file name, toxic_original-c1212f89.ckpt.
    "original": "c1212f89ac23307ab33932ce29dc446a6e030fb3f384a500890bbe662b7b544a",
}
"""SHA-256 of the published checkpoints that we know in full."""

PUBLISHED: dict[str, str] = {
    "original": "toxic_original-c1212f89.ckpt",
    "unbiased": "toxic_debiased-c7548aa0.ckpt",
    "multilingual": "multilingual_debiased-0b549669.ckpt",
    "original-small": "original-albert-0e1d6498.ckpt",
    "unbiased-small": "unbiased-albert-c8519128.ckpt",
}
"""File names of the published checkpoints; each ends in the first eight digits of the file's SHA-256.

Source: Detoxify 0.5, `MODEL_URLS`; PyTorch, `torch.hub.load_state_dict_from_url`."""

DETOXIFY_MODELS = ("original", "unbiased", "multilingual", "original-small", "unbiased-small")

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ORIGINAL_LABELS = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack")

HarmModel = Literal[
    "embedded",
    "detoxify:original",
    "detoxify:unbiased",
    "detoxify:multilingual",
    "detoxify:original-small",
    "detoxify:unbiased-small",
    "openai-moderation",
    "guard:llama-guard",
    "guard:qwen3guard",
    "guard:yes-no",
    "transformers",
]


class HarmSettings(BaseModel):
    """Which scorer judges, and where it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: HarmModel = "embedded"
    """`embedded`, the model in the package; `detoxify:<name>` on this machine; `openai-moderation` for an
    endpoint of that form; `guard:<form>` for a guard model behind an OpenAI-compatible chat endpoint, by the
    form of its answers; or `transformers` for a text classifier in a folder on this machine."""

    cascade: bool = Field(default=False, json_schema_extra={"stricter": "lower"})
    """Embedded: let a small model clear the plainly clean first. Many times faster; it misses a little."""

    checkpoint: str | None = None
    """Detoxify: path of the checkpoint; by default the published file in PyTorch's hub cache. Transformers:
    path of the folder."""

    sha256: str | None = None
    """Detoxify: what the checkpoint must hash to. Needed unless the published digest is known to us in full.
    Transformers: what `model.safetensors` must hash to."""

    tokenizer: str | None = None
    """Detoxify: folder with the model's `config.json` and tokenizer files."""

    runtime: Literal["torch", "onnx"] = "torch"
    """Detoxify and transformers: what computes. ONNX Runtime is about twice as fast on a CPU."""

    labels: dict[str, str] = Field(default_factory=dict)
    """Transformers: the classifier's labels to our categories. Labels that are not named are left out."""

    url: str | None = None
    """Endpoint: full address of the moderations or the chat completions route. Texts are sent there."""

    remote_model: str = "omni-moderation-latest"
    """Endpoint: value of `model` in the request."""

    instructions: str | None = None
    """Guard: a message of the system before each text, for models that take their policy from it."""

    probabilities: bool = True
    """Guard: ask for the probabilities of tokens, so that scores lie between 0 and 1. Not all servers can."""

    parallel: int = Field(default=4, ge=1, le=64, json_schema_extra={"stricter": "any"})
    """Guard: requests at once."""

    api_key_env: str = Field(default="OPENAI_API_KEY", json_schema_extra={"stricter": "any"})
    """Endpoint: name of the environment variable that holds the key."""

    timeout: float = Field(default=30.0, gt=0, le=600, json_schema_extra={"stricter": "any"})
    """Endpoint: seconds for one request."""

    retries: int = Field(default=3, ge=0, le=10, json_schema_extra={"stricter": "any"})
    """Endpoint: further tries after an answer of 429 or 5xx, or none at all."""

    @field_validator("sha256")
    @classmethod
    def _is_digest(cls, value: str | None) -> str | None:
        if value is not None and _SHA256.fullmatch(value) is None:
            raise ValueError("expected 64 lower-case hexadecimal digits")
        return value

    @field_validator("labels")
    @classmethod
    def _are_categories(cls, value: dict[str, str]) -> dict[str, str]:
        for category in value.values():
            known_name(
                category,
                CATEGORIES,
                kind="unknown-category",
                message=f"no category of harm is called `{category}`",
            )
        return value

    @field_validator("url")
    @classmethod
    def _is_safe(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            return value
        raise ValueError("expected an https address, or http to this machine: texts are sent there")

    @model_validator(mode="after")
    def _is_complete(self) -> HarmSettings:
        _COMPLETE[self.family](self)
        return self

    @property
    def family(self) -> str:
        """What stands before the colon."""
        return self.model.partition(":")[0]

    @property
    def variant(self) -> str:
        """The name behind `detoxify:` or `guard:`."""
        return self.model.partition(":")[2]


def _embedded(settings: HarmSettings) -> None:
    given = (settings.checkpoint, settings.sha256, settings.tokenizer, settings.url)
    if any(given):
        raise ValueError(
            "`embedded` is in the package and takes no `checkpoint`, `sha256`, `tokenizer` or `url`"
        )


def _endpoint(settings: HarmSettings) -> None:
    if settings.url is None:
        raise ValueError(f"`{settings.model}` needs `url`: the address that texts are sent to")
    if settings.family == "guard" and "remote_model" not in settings.model_fields_set:
        raise ValueError(f"`{settings.model}` needs `remote_model`: the guard model's name there")


def _detoxify(settings: HarmSettings) -> None:
    variant = settings.variant
    begins = PUBLISHED[variant].rpartition("-")[2].partition(".")[0]
    if settings.sha256 is None:
        if settings.checkpoint or variant not in PINNED:
            raise ValueError(
                f"`{settings.model}` needs `sha256`: no digest of this checkpoint is pinned"
            )
    elif settings.checkpoint is None and not settings.sha256.startswith(begins):
        raise ValueError(
            f"the published checkpoint of `{settings.model}` has a SHA-256 that begins with {begins}"
        )


def _transformers(settings: HarmSettings) -> None:
    missing = [each for each in ("checkpoint", "sha256", "labels") if not getattr(settings, each)]
    if missing:
        raise ValueError(
            f"`transformers` needs `{missing[0]}`: a folder with a text classifier, the SHA-256 of its "
            "`model.safetensors`, and what its labels mean"
        )


_COMPLETE: dict[str, Callable[[HarmSettings], None]] = {
    "embedded": _embedded,
    "openai-moderation": _endpoint,
    "guard": _endpoint,
    "detoxify": _detoxify,
    "transformers": _transformers,
}


def categories_of(settings: HarmSettings) -> tuple[str, ...]:
    """Return the categories that the chosen scorer can judge."""
    if settings.family == "embedded":
        return CATEGORIES
    if settings.family == "openai-moderation":
        return known_to(FROM_OPENAI)
    if settings.family == "guard":
        return DIALECTS[settings.variant].categories
    if settings.family == "transformers":
        return known_to(settings.labels)
    if settings.variant.startswith("original"):
        return known_to({name: FROM_DETOXIFY[name] for name in _ORIGINAL_LABELS})
    return known_to(FROM_DETOXIFY)


_ENDPOINT = ("url", "remote_model", "api_key_env", "timeout", "retries")
_SERVES: dict[str, tuple[str, ...]] = {
    "embedded": ("cascade",),
    "openai-moderation": _ENDPOINT,
    "guard": (*_ENDPOINT, "instructions", "probabilities", "parallel"),
    "detoxify": ("checkpoint", "sha256", "tokenizer", "runtime"),
    "transformers": ("checkpoint", "sha256", "runtime", "labels"),
}
"""Family to the settings that mean something to it; one that no family has means something to all."""


def idle_settings(settings: HarmSettings) -> tuple[str, ...]:
    """Return the settings of other families."""
    serving = _SERVES[settings.family]
    others = dict.fromkeys(name for names in _SERVES.values() for name in names)
    return tuple(name for name in others if name not in serving)
