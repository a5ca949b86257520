"""Prompts without an answer. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from assaymark.checks.rates import NoSettings
from assaymark.contracts.check import CheckMeta
from assaymark.model.finding import Finding, Location, Severity, finding_at
from assaymark.model.measurement import Counts, Result, count, share
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind

if TYPE_CHECKING:
    from pydantic import BaseModel

    from assaymark.contracts.check import DetectionsById
    from assaymark.contracts.source import Batch

_READ, _EMPTY, _REFUSED = "read", "empty", "refused"


def _rate(name: str, summary: str, *rules: str) -> Metric:
    return Metric(
        name=f"answers.{name}",
        summary=f"share of prompts {summary}",
        unit=Unit.SHARE,
        direction=Direction.LOWER,
        rules=rules,
    )


class UnansweredPrompts:
    """How many prompts a model was asked, and how many came back refused, empty or not at all.

    ## Why it matters
    Every number about a model is counted from what it answered. An endpoint that fails on one prompt in
    five, or a filter that refuses every prompt about one group, leaves an evaluation that looks clean
    because the telling answers are missing. This check counts them, so that a policy can demand answers.

    ## Remediation
    The report lists the prompts without an answer by reason. For `http-429`, `http-500` and `timeout`, ask
    again with `--resume`, fewer at once (`--concurrency`) or with more patience (`--attempts`,
    `--timeout`). For `content_filter`, look at the filter in front of the model: what it refuses is part of
    how the model treats people. For empty answers that end with `length`, allow longer ones.

    ## Known limits
    Refused means that the API said so; a model that declines in plain words has answered, and the checks
    that put the prompts say how often it declines. Prompts that two checks have in common count twice.
    Empty answers are counted, not listed.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="unanswered-prompts",
        family="answers",
        summary="how many prompts a model was asked, and how many came back without an answer",
        version="1",
        added="0.1",
        metrics=(
            Metric(
                name="answers.count",
                summary="prompts that were answered with text",
                unit=Unit.COUNT,
                direction=Direction.EITHER,
            ),
            _rate("unanswered-rate", "without an answer, for whatever reason", "*"),
            _rate("refused-rate", "that the API or its filter refused", "refused: *"),
            _rate("empty-rate", "with an answer of white space only"),
            _rate(
                "failed-rate", "that failed or got no readable answer", "failed: *", "unparsable: *"
            ),
        ),
        on=(SubjectKind.MODEL,),
    )
    Settings: ClassVar[type[BaseModel]] = NoSettings

    def __init__(self, settings: NoSettings, labels: Mapping[str, tuple[str, ...]]) -> None:
        pass

    def start(self) -> Counter[str]:
        """Return the tally that has seen nothing."""
        return Counter()

    def update(self, state: Counter[str], batch: Batch, detections: DetectionsById) -> Counter[str]:  # noqa: ARG002 - it reads none
        """Count the answers of `batch`."""
        state[_READ] += batch.rows - batch.empty
        state[_EMPTY] += batch.empty
        state.update(each.reason.partition(":")[0] for each in batch.skipped)
        return state

    def merge(self, a: Counter[str], b: Counter[str]) -> Counter[str]:
        """Return the sum of both tallies."""
        return a + b

    def find(self, batch: Batch, detections: DetectionsById) -> Iterator[Finding]:  # noqa: ARG002 - it reads none
        """Yield one finding for each prompt that was refused or got no answer."""
        for each in sorted(batch.skipped, key=lambda skipped: skipped.row):
            location = Location(
                file=batch.file, row=each.row, line=each.line, field="", start=0, end=0
            )
            yield finding_at(self.meta.id, each.reason, location, Severity.MEDIUM)

    def finish(self, state: Counter[str], *, sampled: bool) -> Iterator[Result]:
        """Yield the number of answers, and the shares of prompts that have none."""
        name, asked, answered = self.meta.id, state.total(), state[_READ]
        refused, empty = state[_REFUSED], state[_EMPTY]
        yield count("answers.count", name, (), answered)
        for metric, number in (
            ("unanswered-rate", asked - answered),
            ("refused-rate", refused),
            ("empty-rate", empty),
            ("failed-rate", asked - answered - refused - empty),
        ):
            counts = Counts(hits=number, judged=asked, unjudged=0)
            yield share(f"answers.{metric}", name, (), counts, sampled=sampled)
