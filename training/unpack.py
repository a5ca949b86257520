"""
Weights out of a shipped file, so that training can go on from it without the checkpoint it was made of.

What rounding took is gone: weights of multiplications come back as they were rounded (`compensate.py`), those
of words to half a step of their row. Word pieces that were dropped come back from the base model.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from assaymark.detectors.embedded.model_file import unpack_text
from training.encoder import Encoder, Shape, load_base, save

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KEPT = {"positions": "positions.weight", "letters_table": "letters.weight"}
_PREFIX = "assaymark."


def unpack(file: Path, base: Path, folder: Path) -> Path:
    """Write what a run needs to go on from a shipped file.

    Args:
        file: The ONNX file.
        base: Folder of the base model.
        folder: Where `model.pt`, `front.json` and, one up, `gate.json` are written.

    Returns:
        Path of the weights.
    """
    model = onnx.load(file)
    facts = {each.key.removeprefix(_PREFIX): each.value for each in model.metadata_props}
    constants = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    encoder = Encoder()
    load_base(encoder, base)
    whole = (base / "vocab.txt").read_text("utf-8").splitlines()
    places = {piece: at for at, piece in enumerate(whole)}
    pieces = [places[each] for each in unpack_text(facts["vocabulary"]).split("\n")]
    found = weights_of(constants, encoder.shape)
    words = encoder.words.weight.detach().numpy().copy()
    words[pieces] = found.pop("words.weight")
    given = {name: torch.from_numpy(each.copy()) for name, each in found.items()}
    encoder.load_state_dict({**given, "words.weight": torch.from_numpy(words)})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "front.json").write_text(facts["front"], "utf-8")
    (folder.parent / "gate.json").write_text(facts["gate"], "utf-8")
    save(encoder, folder / "model.pt", unpacked=True)
    return folder / "model.pt"


def weights_of(constants: dict[str, NDArray[Any]], shape: Shape) -> dict[str, NDArray[np.float32]]:
    """Return the network's weights by name, from the constants of a `static` graph."""
    found: dict[str, NDArray[Any]] = {
        "words.weight": constants["words"].astype(np.float32) * constants["words.steps"],
        "tags.weight": constants["tags.weight"].T,
        "tags.bias": constants["tags.bias"],
        **{theirs: constants[ours] for ours, theirs in _KEPT.items()},
    }
    for part in ("pool", "scores"):
        found[f"{part}.weight"] = constants[f"{part}.weight"]
        found[f"{part}.bias"] = constants[f"{part}.bias"].reshape(-1)
    for part in ("norm", *_parts(shape, "norm_attention"), *_parts(shape, "norm_out")):
        for kind in ("weight", "bias"):
            found[f"{part}.{kind}"] = constants[f"{part}.{kind}"]
    for part in (*_parts(shape, "out"), *_parts(shape, "up"), *_parts(shape, "down")):
        found[f"{part}.weight"] = _multiplier(constants, part)
        found[f"{part}.bias"] = constants[f"{part}.bias"]
    scale = (shape.width // shape.heads) ** -0.5
    for layer in _parts(shape, ""):
        together = _multiplier(constants, f"{layer}qkv"), constants[f"{layer}qkv.bias"]
        for kind, stacked in zip(("weight", "bias"), together, strict=True):
            query, key, value = np.split(stacked.astype(np.float32), 3)
            found[f"{layer}query.{kind}"] = query / scale
            found[f"{layer}key.{kind}"], found[f"{layer}value.{kind}"] = key, value
    return {name: np.ascontiguousarray(each, np.float32) for name, each in found.items()}


def _parts(shape: Shape, name: str) -> list[str]:
    return [f"layers.{number}.{name}" for number in range(shape.layers)]


def _multiplier(constants: dict[str, NDArray[Any]], name: str) -> NDArray[np.float32]:
    """Return weights (out, in): whole numbers times their column's step, large channels as they are."""
    weight = constants[f"{name}.whole"].T.astype(np.float32) * constants[f"{name}.columns"][:, None]
    weight[:, constants[f"{name}.large"]] = constants[f"{name}.exact"].T
    return np.asarray(weight, np.float32)
