"""
The parts of a policy file: which keys exist and what kind of value each takes.

pydantic checks the shape, see `assaymark.policy.validation`. What a value means (does the metric exist, is
the bound in range) is checked by the modules beside this one, part by part, so that one misspelt key
hides no other mistake. Parts are flat on purpose: nested parts are validated on their own, where their
valid keys are known.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

API_VERSION = "assaymark/v1"
DEFAULT_CONFIDENCE = 0.95
DEFAULT_REPORT_DAYS = 90

Text: TypeAlias = Annotated[str, Field(min_length=1)]
KindName: TypeAlias = Literal["dataset", "outputs", "model"]
SeverityName: TypeAlias = Literal["info", "low", "medium", "high", "critical"]
EnforceName: TypeAlias = Literal["deny", "warn", "audit"]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Part(BaseModel):
    """A mapping of the policy file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class PolicyPart(Part):
    """The file as a whole; its parts are validated one by one."""

    api_version: Literal["assaymark/v1"] = Field(alias="apiVersion")
    kind: Literal["Policy"]
    metadata: dict[str, Any]
    extends: list[Text] = []
    confidence: float = Field(default=DEFAULT_CONFIDENCE, gt=0.5, lt=1)
    detectors: dict[str, dict[str, Any]] = {}
    checks: list[dict[str, Any]] = []
    requirements: list[dict[str, Any]] = []
    frameworks: list[dict[str, Any]] = []
    guard: dict[str, Any] = {}
    tests: list[dict[str, Any]] = []


class MetadataPart(Part):
    """Whose policy this is, and until when."""

    name: Text
    version: Text
    owner: Text
    description: str = ""
    valid_until: Text | None = None
    report_days: int = Field(default=DEFAULT_REPORT_DAYS, ge=1, le=3650)


class ClausePart(Part):
    """A bound on a metric, or clauses combined."""

    metric: Text | None = None
    where: dict[str, Text] | None = None
    at_most: float | None = None
    at_least: float | None = None
    all_of: list[dict[str, Any]] | None = None
    any_of: list[dict[str, Any]] | None = None
    not_: dict[str, Any] | None = Field(default=None, alias="not")


class RequirementPart(ClausePart):
    """A clause with what it is about and what follows when it is not met."""

    id: Text
    on: Annotated[list[KindName], BeforeValidator(_as_list)] | None = None
    severity: SeverityName | None = None
    enforce: EnforceName | None = None
    controls: list[Text] = []
    remediation: Text | None = None
    overridable: bool | None = None


class FrameworkPart(Part):
    """A published text, and how its controls were mapped."""

    id: Text
    title: Text
    version: Text
    source: Annotated[str, Field(pattern=r"^https?://\S+$")]
    mapped: Text
    controls: list[dict[str, Any]]


class ControlPart(Part):
    """One control of a framework."""

    id: Text
    title: Text
    coverage: Literal["tested", "person", "not-covered"]
    note: str = ""


Milliseconds: TypeAlias = Annotated[int, Field(ge=1, le=600_000)]
OnError: TypeAlias = Literal["block", "allow"]


class GuardPart(Part):
    """What happens at run time."""

    input: list[dict[str, Any]] = []
    output: list[dict[str, Any]] = []
    tool_calls: list[dict[str, Any]] = []
    tool_results: list[dict[str, Any]] = []
    on_error: OnError | None = None
    """`None`: each rule by what it does; see `assaymark.policy.guarding.GuardRule`."""

    stream: Literal["hold", "buffer"] = "hold"
    invalid_json: Literal["block", "text"] = "block"
    uninspected: Literal["block", "allow"] = "block"
    deadline_ms: Milliseconds = 10_000
    check_deadline_ms: Milliseconds = 5_000


class GuardRulePart(Part):
    """One rule of the guard."""

    detector: Text
    do: Literal["redact", "block", "flag", "allow"]
    above: float | None = Field(default=None, ge=0, le=1)
    entities: list[Text] | None = None
    with_: Literal["replace", "mask", "hash", "encrypt", "pseudonym"] | None = Field(
        default=None, alias="with"
    )
    on_error: OnError | None = None
    deadline_ms: Milliseconds | None = None


class SelfTestPart(Part):
    """One of the policy's own tests."""

    name: Text
    evidence: dict[KindName, dict[str, Any]] = {}
    otherwise: Literal["clean", "missing"] = "missing"
    sampled: bool = False
    waivers: list[dict[str, Any]] = []
    now: Text | None = None
    expect: Literal["PASS", "FAIL", "UNDECIDED"]
    because: list[Text] | None = None


class SelfTestWaiverPart(Part):
    """A waiver as a test supposes it."""

    requirement: Text
    subject: KindName
    expires: Text | None = None
