"""From answers in the store to what checks are fed: all of them, in order, each with its reason."""

from __future__ import annotations

from pathlib import Path

from assaymark.contracts.target import Answer, Category
from assaymark.engine.probing.answer_store import AnswerStore, key_of
from assaymark.engine.probing.plan import Probe, probes_of
from assaymark.engine.probing.transcripts import portions_of, transcripts_of
from engine.probing.fakes import asking, probe_catalog

TARGET = "7" * 64
KINDS = [
    Answer(category=Category.ANSWERED, text="x y"),
    Answer(category=Category.REFUSED, reason="content_filter"),
    Answer(category=Category.EMPTY, reason="stop"),
]


def probe(prompts: int, repeats: int = 1) -> Probe:
    """A check that asks so much."""
    (found,) = probes_of(asking(prompts=prompts, repeats=repeats), probe_catalog())
    return found


def test_every_draw_is_a_transcript(tmp_path: Path) -> None:
    """Rows count draws; what was never asked has failed, and says so."""
    asks = probe(400, 2)
    with AnswerStore(tmp_path / "a") as store:
        for number, each in enumerate(asks.prompts()):
            for draw in each.draws():
                if number < 399:
                    store.keep(key_of(TARGET, draw), KINDS[number % 3], settled=True)
        store.flush()
        told = list(transcripts_of(asks, TARGET, store))

    assert [each.row for each in told] == list(range(800))
    assert [(each.id, each.repeat) for each in told[:4]] == [("0", 0), ("0", 1), ("1", 0), ("1", 1)]
    assert [each.answer for each in told[:6:2]] == KINDS
    assert {each.answer.reason for each in told[-2:]} == {"not-asked"}
    assert told[-1].answer.category is Category.FAILED


def test_portions_hold_every_draw_once(tmp_path: Path) -> None:
    """Texts of those that were answered, the others by their reason."""
    asks = probe(600)
    with AnswerStore(tmp_path / "a") as store:
        for number, each in enumerate(asks.prompts()):
            store.keep(key_of(TARGET, each.prompt), KINDS[number % 3], settled=True)
        store.flush()
        portions = list(portions_of(asks, TARGET, store))

    batches = [each.batch for each in portions]
    assert sum(each.rows + len(each.skipped) for each in batches) == 600
    assert sum(each.texts.num_rows for each in batches) == 200
    assert sum(each.empty for each in batches) == 200
    assert {skipped.reason for each in batches for skipped in each.skipped} == {
        "refused: content_filter"
    }
