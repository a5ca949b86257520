"""
Training: AdamW, warm-up and linear decay, averaged weights, a checkpoint every few minutes.

A run that is started again with the same folder goes on from its checkpoint. bfloat16 where the CPU or
GPU has it; weights and the optimiser's state stay float32.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from training.batches import Batch, Corpus, Epochs
from training.encoder import Encoder, load, load_base, save
from training.losses import score_loss, tag_loss


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run does."""

    epochs: int = 4
    share: float = 1.0
    """Of each source's declared draw, how much an epoch takes."""

    minutes: float | None = None
    """Where given, the run ends after this time, over as many epochs as fit; the rates fall with the clock.
    Useful on a machine whose speed is not known beforehand, at the price of exact repetition."""

    without: Sequence[str] = ()
    """Sources held out, to be measured as unseen ones."""

    start: str | None = None
    """Path of an earlier run's weights to go on from, instead of the base model's."""

    keep: float = 0.0
    """How much of the weights that a run started from stays in its result, from 0 to 1. Between the two lies
    what knows the new and has not lost the old (M. Wortsman et al., "Robust fine-tuning of zero-shot models",
    CVPR 2022)."""

    tokens: int = 3072  # of one batch
    rate: float = 8e-5
    new_rate: float = 6.0
    """How much faster the weights learn that the base model lacks."""

    warmup: float = 0.06  # share of all steps
    average: float = 0.995  # decay of the averaged weights
    tag_weight: float = 2.0
    seed: int = 1
    threads: int = 2
    save_every: int = 60  # steps


_NEW = ("letters", "pool", "scores", "tags")


def train(plan: Plan, corpus_path: Path, base: Path, folder: Path) -> Path:
    """Train and return the path of the averaged weights.

    Args:
        plan: What to do.
        corpus_path: What `corpus.build` wrote.
        base: Folder with the base model's `model.safetensors` and `vocab.txt`.
        folder: Where checkpoints, the log and the result go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    result = folder / "model.pt"
    if result.exists():
        return result
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    encoder = Encoder()
    if plan.start is None:
        if plan.keep:
            raise ValueError("`keep`: there is no run to keep anything of; give `start`, too")
        load_base(encoder, base)
    else:
        encoder.load_state_dict(load(Path(plan.start)).state_dict())
    first = {name: each.clone() for name, each in encoder.state_dict().items()}
    run = _Run(plan, encoder.to(device), folder, device)
    corpus = Corpus.load(corpus_path, plan.without)
    vocabulary = (base / "vocab.txt").read_text("utf-8").splitlines()
    epochs = Epochs(corpus, vocabulary, tokens=plan.tokens, share=plan.share, seed=plan.seed)
    number = run.number
    while not run.finished(number):
        run.epoch(number, epochs)
        number += 1
    blend(run.averaged, first, plan.keep)
    save(run.averaged, result, plan=asdict(plan), steps=run.step)
    return result


def blend(encoder: Encoder, first: Mapping[str, torch.Tensor], keep: float) -> None:
    """Move the weights of `encoder` by the share `keep`, from 0 to 1, towards those of `first`, by name."""
    with torch.no_grad():
        for name, weights in encoder.named_parameters():
            weights.lerp_(first[name].to(weights.device), keep)


class _Run:
    """The state of a run, on disk and in memory."""

    def __init__(self, plan: Plan, encoder: Encoder, folder: Path, device: torch.device) -> None:
        self.plan, self.encoder, self.folder, self.device = plan, encoder, folder, device
        self.averaged = Encoder().to(device)
        self.averaged.load_state_dict(encoder.state_dict())
        new, old, plain = [], [], []
        for name, weights in encoder.named_parameters():
            kind = new if name.split(".")[0] in _NEW else plain if weights.ndim < 2 else old  # noqa: PLR2004
            kind.append(weights)
        self.optimizer = torch.optim.AdamW(
            [
                {"params": old, "lr": plan.rate, "weight_decay": 0.01},
                {"params": plain, "lr": plan.rate, "weight_decay": 0.0},
                {"params": new, "lr": plan.new_rate * plan.rate, "weight_decay": 0.01},
            ],
            fused=True,
        )
        self.rates = [plan.rate, plan.rate, plan.new_rate * plan.rate]
        self.step = 0
        self.number = 0
        self.place = 0
        self.spent = 0.0
        self.started = time.monotonic()
        self.checkpoint = folder / "checkpoint.pt"
        if self.checkpoint.exists():
            self._resume()

    def finished(self, number: int) -> bool:
        """Return whether epoch `number` is past the end."""
        if self.plan.minutes is None:
            return number >= self.plan.epochs
        return self._seconds() >= 60.0 * self.plan.minutes

    def _seconds(self) -> float:
        return self.spent + time.monotonic() - self.started

    def epoch(self, number: int, epochs: Epochs) -> None:
        """Run one epoch, or the rest of it."""
        batches = epochs.batches(number)
        done, self.place = self.place, 0
        for place, batch in enumerate(batches):
            if place < done:
                continue
            if self.plan.minutes is not None and self.finished(number):
                break
            # The first epoch's length stands for all: draws are of one size.
            loss = self._one(batch.to(self.device), (number + place / len(batches)))
            self.step += 1
            if self.step % 25 == 0:
                self._log(number, len(batches), loss)
            if self.step % self.plan.save_every == 0:
                self.number, self.place = number, place + 1
                self._save()
        self.number, self.place = number + 1, 0
        self._save()

    def _one(self, batch: Batch, epochs_done: float) -> tuple[float, float]:
        plan = self.plan
        progress = (
            epochs_done / plan.epochs
            if plan.minutes is None
            else self._seconds() / (60.0 * plan.minutes)
        )
        scale = min(progress / plan.warmup + 1e-3, (1.0 - progress) / (1.0 - plan.warmup))
        scale = min(1.0, max(0.01, scale))
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * scale
        self.encoder.train()
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            scores, tags = self.encoder(batch.ids, batch.letters, batch.present)
        scored = score_loss(scores.float(), batch.targets, batch.weights)
        tagged = tag_loss(tags.float(), batch.allowed)
        (scored + self.plan.tag_weight * tagged).backward()
        torch.nn.utils.clip_grad_norm_(self.encoder.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        decay = min(self.plan.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(
                list(self.averaged.parameters()), list(self.encoder.parameters()), 1.0 - decay
            )
        return scored.item(), tagged.item()

    def _log(self, epoch: int, batches: int, loss: tuple[float, float]) -> None:
        line = {
            "epoch": epoch,
            "step": self.step,
            "batches": batches,
            "scores": round(loss[0], 4),
            "tags": round(loss[1], 4),
            "seconds": round(self._seconds()),
        }
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")

    def _save(self) -> None:
        beside = self.checkpoint.with_suffix(".part")
        torch.save(
            {
                "encoder": self.encoder.state_dict(),
                "averaged": self.averaged.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "step": self.step,
                "number": self.number,
                "place": self.place,
                "spent": self._seconds(),
            },
            beside,
        )
        beside.replace(self.checkpoint)

    def _resume(self) -> None:
        stored = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        self.encoder.load_state_dict(stored["encoder"])
        self.averaged.load_state_dict(stored["averaged"])
        self.optimizer.load_state_dict(stored["optimizer"])
        self.step, self.spent = stored["step"], stored["spent"]
        self.number, self.place = stored["number"], stored["place"]
