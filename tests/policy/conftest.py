"""A small catalogue, made by hand, so that the language is tested apart from what is installed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from assaymark.contracts.catalog import Catalog
from assaymark.contracts.check import CheckMeta
from assaymark.contracts.detector import DetectorSpec
from assaymark.errors import PolicyError
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind
from assaymark.policy.load import PolicySource, parse_policy
from assaymark.policy.policy import Policy

TODAY = date(2026, 6, 1)

ENTITIES = ("CREDIT_CARD", "EMAIL_ADDRESS", "PERSON", "US_SSN")
CATEGORIES = ("harmful", "threat", "toxicity")

Entity = Literal["CREDIT_CARD", "EMAIL_ADDRESS", "PERSON", "US_SSN"]


class PiiSettings(BaseModel):
    """Of the detector `pii`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entities: tuple[Entity, ...] = ("CREDIT_CARD", "EMAIL_ADDRESS", "US_SSN")
    languages: tuple[str, ...] = ("en",)
    min_score: float = Field(default=0.4, ge=0, le=1)


class HarmSettings(BaseModel):
    """Of the detector `harm`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Literal["original", "unbiased"] = "original"
    threshold: float = Field(default=0.5, ge=0, le=1, json_schema_extra={"stricter": "lower"})
    ignored: tuple[str, ...] = Field(default=(), json_schema_extra={"stricter": "subset"})
    timeout: float = Field(default=30.0, gt=0, json_schema_extra={"stricter": "any"})
    checkpoint: str | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> HarmSettings:
        if self.model == "unbiased" and self.checkpoint is None:
            raise ValueError("`unbiased` needs `checkpoint`")
        return self


class NamesSettings(BaseModel):
    """Of the detector `names`, whose settings model words its own refusals."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entities: tuple[str, ...] | None = None
    extra: tuple[str, ...] = Field(default=(), json_schema_extra={"stricter": "superset"})
    reader: str = Field(default="none", json_schema_extra={"stricter": "not-default"})

    @field_validator("entities")
    @classmethod
    def _known(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is not None and "NOBODY" in value:
            context = {"message": "`NOBODY` is no name", "hint": "name somebody"}
            raise PydanticCustomError("unknown_name", "{message}; {hint}", context)
        return value


class EndpointSettings(BaseModel):
    """Of the detector `endpoint`, which has no default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str


class NoSettings(BaseModel):
    """Of what has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LicenceSettings(BaseModel):
    """Of the check `licence-permitted`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    permitted: tuple[str, ...] = Field(
        default=("Apache-2.0", "MIT"), json_schema_extra={"stricter": "subset"}
    )
    examples: int = Field(default=1, json_schema_extra={"stricter": "higher"})


def _never(_: Any) -> Any:
    raise AssertionError("the policy language loads no detector")


def _detector(name: str, settings: type[BaseModel], **words: Any) -> DetectorSpec:
    return DetectorSpec(
        id=name, summary=f"finds {name}", version="1", settings=settings, load=_never, **words
    )


def _check(
    name: str,
    metrics: tuple[Metric, ...],
    on: tuple[SubjectKind, ...],
    *,
    detectors: tuple[str, ...] = (),
    settings: type[BaseModel] = NoSettings,
) -> Any:
    meta = CheckMeta(
        id=name,
        family=metrics[0].name.partition(".")[0],
        summary=f"counts {name}",
        version="1",
        added="0.1.0",
        metrics=metrics,
        on=on,
        detectors=detectors,
    )
    return type(name, (), {"meta": meta, "Settings": settings})


def _metric(
    name: str,
    unit: Unit,
    direction: Direction,
    *labels: str,
) -> Metric:
    return Metric(
        name=name, summary=f"how much {name}", unit=unit, direction=direction, labels=labels
    )


TEXTS = (SubjectKind.DATASET, SubjectKind.OUTPUTS)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """Five detectors and five checks."""
    share, count = Unit.SHARE, Unit.COUNT
    lower, higher, either = Direction.LOWER, Direction.HIGHER, Direction.EITHER
    checks = [
        _check(
            "pii-exposure",
            (_metric("pii.row-rate", share, lower, "entity"),),
            TEXTS,
            detectors=("pii",),
        ),
        _check(
            "harmful-content",
            (_metric("harm.row-rate", share, lower, "category"),),
            TEXTS,
            detectors=("harm",),
        ),
        _check(
            "record-health",
            (
                _metric("records.count", count, either),
                _metric("records.empty-rate", share, lower),
                _metric("records.readable-rate", share, higher),
            ),
            TEXTS,
        ),
        _check(
            "licence-permitted",
            (
                _metric("licence.missing", count, lower),
                _metric("licence.not-permitted", count, lower, "rule"),
            ),
            (SubjectKind.DATASET,),
            settings=LicenceSettings,
        ),
        _check(
            "remote-judge",
            (_metric("remote.row-rate", share, lower),),
            TEXTS,
            detectors=("endpoint",),
        ),
    ]
    detectors = [
        _detector("pii", PiiSettings, entities=ENTITIES, enabled=lambda each: each.entities),
        _detector("harm", HarmSettings, categories=CATEGORIES),
        _detector("endpoint", EndpointSettings),
        _detector("idle", NoSettings),
        _detector(
            "names",
            NamesSettings,
            entities=("FIRST", "LAST"),
            enabled=lambda each: each.entities or ("FIRST", "LAST"),
        ),
    ]
    return Catalog(
        detectors={each.id: each for each in detectors},
        checks={each.meta.id: each for each in checks},
    )


HEAD = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: team, version: 1.0.0, owner: team@example.org}
"""


@pytest.fixture(scope="session")
def parse(catalog: Catalog) -> Callable[..., Policy]:
    """Parse `team.yaml`, whose parents are the keyword arguments: `base=...` is `./base.yaml`."""

    def parse(text: str, **parents: str) -> Policy:
        def resolve(reference: str, _: str) -> PolicySource:
            name = reference.removeprefix("./")
            stem = name.removesuffix(".yaml")
            if stem not in parents:
                raise PolicyError(f"there is no `{name}`")
            return PolicySource(name, name, parents[stem].encode())

        return parse_policy(text.encode(), "team.yaml", catalog, resolve=resolve, today=TODAY)

    return parse


@pytest.fixture(scope="session")
def errors(parse: Callable[..., Policy]) -> Callable[..., str]:
    """Return everything that is wrong with a policy, as the user reads it."""

    def errors(text: str, **parents: str) -> str:
        with pytest.raises(PolicyError) as caught:
            parse(text, **parents)
        return caught.value.message

    return errors
