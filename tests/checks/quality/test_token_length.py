from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from assaymark.checks.quality.token_length import TokenLength
from assaymark.errors import InputError
from assaymark.model.measurement import Measured, NotMeasured, Result
from assaymark.testing import Row, Text, batch_of, case_contract

CASES = Path("tests/checks/cases/token-length")
TOKENIZER = CASES / "tokenizer.json"


@pytest.fixture(autouse=True)
def _at_home(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cases name their tokenizer from there."""
    monkeypatch.chdir(repository)


def check(path: Path | None = TOKENIZER, **named: str) -> TokenLength:
    """The check with a tokenizer."""
    settings = {}
    if path is not None:
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "0" * 64
        settings = {"tokenizer": {"path": str(path), "sha256": digest, **named}}
    return TokenLength(TokenLength.Settings.model_validate(settings), {})


def finish(one: TokenLength, texts: list[str], *, lost: int = 0, sampled: bool = False):
    """Results for these texts and some records that could not be read."""
    rows = [Row(texts=(Text(text=each),)) for each in texts]
    rows += [Row(skipped="invalid JSON")] * lost
    state = one.update(one.start(), batch_of(rows), {})
    results: dict[str, Result] = {each.metric: each for each in one.finish(state, sampled=sampled)}
    return results


@pytest.mark.parametrize("case", ["fires", "quiet"])
def test_case(case: str) -> None:
    """The check reports what the documented case says."""
    case_contract(TokenLength, CASES / f"{case}.yaml")


def test_without_a_tokenizer_nothing_is_counted() -> None:
    """Characters or words would be another number under the same name."""
    results = finish(check(None), ["a b"])

    assert {each.reason for each in results.values() if isinstance(each, NotMeasured)} == {
        "the policy names no tokenizer"
    }
    assert len(results) == 6


def test_what_is_not_known() -> None:
    """The total and the longest, where a record could not be read or the rows are a sample."""
    lost, sample = finish(check(), ["a b"], lost=1), finish(check(), ["a b"], sampled=True)

    assert lost["quality.tokens-total"] == NotMeasured(
        metric="quality.tokens-total",
        check="token-length",
        labels=(),
        reason="1 record could not be read",
    )
    assert isinstance(lost["quality.tokens-longest"], NotMeasured)
    assert isinstance(lost["quality.tokens-over-rate"], Measured)
    assert isinstance(sample["quality.tokens-total"], NotMeasured)


def test_batches_add_up() -> None:
    """The order of batches changes nothing."""
    one = check()
    batches = [batch_of([Row(texts=(Text(text=each),))]) for each in ("a b", "a", "a b b")]
    states = [one.update(one.start(), each, {}) for each in batches]

    forward = one.merge(one.merge(states[0], states[1]), states[2])
    backward = one.merge(states[2], one.merge(states[1], states[0]))

    assert list(one.finish(forward, sampled=False)) == list(one.finish(backward, sampled=False))


@pytest.mark.parametrize(
    ("path", "named", "message"),
    [
        ("none.json", {}, "the tokenizer `none.json` cannot be read: No such file or directory"),
        (
            str(TOKENIZER),
            {"sha256": "0" * 64},
            (
                f"the tokenizer `{TOKENIZER}` is not the one that the policy names: expected SHA-256 "
                f"{'0' * 64}, got {hashlib.sha256(TOKENIZER.read_bytes()).hexdigest()}"
            ),
        ),
        (
            str(CASES / "quiet.yaml"),
            {},
            f"`{CASES / 'quiet.yaml'}` is no tokenizer of the `tokenizers` library",
        ),
    ],
)
def test_another_tokenizer_is_an_error_before_the_audit(
    path: str, named: dict[str, str], message: str
) -> None:
    """Never a count by something else."""
    with pytest.raises(InputError) as caught:
        check(Path(path), **named)

    assert caught.value.message == message
