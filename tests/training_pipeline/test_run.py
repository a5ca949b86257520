"""A run ends in a file that can be read, and goes on from where it was cut off."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from training.__main__ import parser_of_steps, plan_of  # noqa: E402
from training.encoder import Encoder, Shape, load, save  # noqa: E402
from training.train import Plan, blend, train  # noqa: E402

SHAPE = Shape(vocabulary=50, width=128, layers=1, heads=4, inner=256, positions=16, pooled=32)


@pytest.mark.parametrize("more", [[], ["--minutes", "60"], ["--epochs", "2", "--share", "0.5"]])
def test_a_plan_from_the_command_line_holds_plain_values(more: list[str]) -> None:
    """What is not asked for has the plan's own value, and all of it can be written as JSON."""
    plan = plan_of(parser_of_steps().parse_args(["train", "--base", "folder", *more]))

    assert json.loads(json.dumps(asdict(plan))).keys() == asdict(Plan()).keys()
    assert (plan.warmup, plan.threads, plan.without) == (Plan().warmup, Plan().threads, [])


def test_saved_weights_come_back(tmp_path: Path) -> None:
    """The shape and every weight are as they were."""
    torch.manual_seed(1)
    made = Encoder(SHAPE)
    path = tmp_path / "model.pt"

    save(made, path, plan=asdict(Plan()), steps=3)

    back = load(path)
    assert back.shape == SHAPE
    assert all(torch.equal(each, back.state_dict()[key]) for key, each in made.state_dict().items())


def test_facts_that_cannot_be_written_leave_no_file(tmp_path: Path) -> None:
    """A fact that is no plain value is refused before anything is on disk."""
    with pytest.raises(TypeError, match="not JSON serializable"):
        save(Encoder(SHAPE), tmp_path / "model.pt", plan=Plan.epochs)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keep", [0.0, 0.25, 1.0])
def test_weights_lie_between_those_of_two_runs(keep: float) -> None:
    """All of them, by the share that is asked for."""
    torch.manual_seed(1)
    new, first = Encoder(SHAPE), Encoder(SHAPE)
    before = {name: each.clone() for name, each in new.state_dict().items()}

    blend(new, first.state_dict(), keep)

    for name, weights in first.named_parameters():
        expected = (1 - keep) * before[name] + keep * weights
        assert torch.allclose(new.state_dict()[name], expected, atol=1e-6)


def test_nothing_can_be_kept_of_no_run(tmp_path: Path) -> None:
    """It is said before anything is read."""
    with pytest.raises(ValueError, match="`keep`: there is no run to keep anything of"):
        train(Plan(keep=0.5), tmp_path / "no.parquet", tmp_path, tmp_path / "run")
