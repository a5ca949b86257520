"""
The network as an ONNX graph, built node by node.

Built by hand rather than traced, so that what runs is known: every activation keeps its own row, and
nothing reads a whole batch at once. Three ways of multiplying by weights:

* `float32`: the reference that drift is measured against;
* `static`: 8-bit activations in ranges fixed by calibration, 7-bit weights with a scale per column. The
  few largest channels stay float32, so that they do not cost the others their digits (Dettmers et al.,
  2022, LLM.int8()). Seven bits, because processors without 8-bit dot products add pairs of products in
  16 bits and would overflow;
* `blocks`: 8-bit weights with a scale for each block of 128 inputs; the runtime rounds each row's block
  of activations by its own largest value, so a row depends on no other row either.

Inputs `ids` and `letters`, int64 (windows, length); padding is id 0. Outputs `scores` (windows, scores)
and `tags` (windows, length, tags).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from training.compensate import compensated
from training.encoder import NOT_SEEN, Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

Weights = Mapping[str, "NDArray[np.float32]"]
Kind = Literal["float32", "static", "blocks"]
Samples = Mapping[str, "NDArray[np.float32]"]
"""Name of a multiplication's input to rows of it, (rows, inputs), seen on training text."""

OPSET, CONTRIB = 20, "com.microsoft"
_BLOCK = 128  # inputs that share a scale
_WEIGHT_LEVELS = 64.0  # on each side of 0
_ACTIVATION_LEVELS = 255.0
_EXACT_CHANNELS = 8


class GraphBuilder:
    """Collects nodes and constants."""

    def __init__(
        self, weights: Weights, shape: Shape, kind: Kind, samples: Samples | None = None
    ) -> None:
        self.weights, self.shape, self.kind = weights, shape, kind
        self.samples = dict(samples or {})
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.multiplied: list[str] = []
        """Inputs of every multiplication, in order: what calibration observes."""

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        """Keep a constant and return its name."""
        self.constants[name] = numpy_helper.from_array(np.array(values, order="C"), name)
        return name

    def number(self, value: float) -> str:
        """Keep a float32 scalar."""
        return self.constant(f"number_{value!r}", np.array(value, np.float32))

    def integers(self, *values: int) -> str:
        """Keep a vector of int64."""
        return self.constant("integers_" + "_".join(map(str, values)), np.array(values, np.int64))

    def node(
        self,
        op: str,
        *inputs: str,
        name: str = "",
        outputs: int = 1,
        domain: str = "",
        **attributes: object,
    ) -> str:
        """Append a node and return the name of its first output."""
        first = name or f"{op.lower()}_{len(self.nodes)}"
        names = [first, *(f"{first}_{i}" for i in range(1, outputs))]
        self.nodes.append(helper.make_node(op, list(inputs), names, domain=domain, **attributes))
        return first

    def linear(
        self, given: str, weight: NDArray[np.float32], bias: NDArray[np.float32], name: str
    ) -> str:
        """Return `given @ weight.T + bias`; weights are (out, in) as PyTorch keeps them."""
        self.multiplied.append(given)
        biases = self.constant(f"{name}.bias", bias.astype(np.float32))
        if self.kind == "float32":
            product = self.node(
                "MatMul", given, self.constant(f"{name}.weight", weight.T.astype(np.float32))
            )
            return self.node("Add", product, biases, name=name)
        if self.kind == "blocks":
            packed, scales = pack_blocks(weight)
            return self.node(
                "MatMulNBits", given, self.constant(f"{name}.packed", packed),
                self.constant(f"{name}.scales", scales), "", "", biases,
                name=name, domain=CONTRIB, K=weight.shape[1], N=weight.shape[0], bits=8,
                block_size=_BLOCK, accuracy_level=4,
            )  # fmt: skip
        return self._static(given, weight, biases, name)

    def _static(self, given: str, weight: NDArray[np.float32], biases: str, name: str) -> str:
        seen = self.samples[given]
        large = largest_channels(seen)
        step, zero = rounding(np.delete(seen, large, axis=1))
        scale = self.constant(f"{name}.step", np.array(step, np.float32))
        zero_point = self.constant(f"{name}.zero", np.array(zero, np.uint8))
        rounded = self.node("QuantizeLinear", given, scale, zero_point)
        small = weight.copy()
        small[:, large] = 0.0
        columns = np.maximum(np.abs(small).max(1), 1e-8) / _WEIGHT_LEVELS
        inputs = seen.copy()
        inputs[:, large] = 0.0
        whole = compensated(small, inputs, columns, int(_WEIGHT_LEVELS))
        most = self.node(
            "MatMulIntegerToFloat", rounded, self.constant(f"{name}.whole", whole.T), scale,
            self.constant(f"{name}.columns", columns.astype(np.float32)), zero_point, "", biases,
            domain=CONTRIB,
        )  # fmt: skip
        picked = self.node("Gather", given, self.constant(f"{name}.large", large), axis=-1)
        rest = self.node("MatMul", picked, self.constant(f"{name}.exact", weight[:, large].T))
        return self.node("Add", most, rest, name=name)

    def normalised(self, given: str, part: str) -> str:
        """Return the layer norm of `given`."""
        scale = self.constant(f"{part}.weight", self.weights[f"{part}.weight"])
        shift = self.constant(f"{part}.bias", self.weights[f"{part}.bias"])
        return self.node(
            "LayerNormalization", given, scale, shift, name=f"{part}.normed", axis=-1, epsilon=1e-12
        )


def largest_channels(seen: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the channels with the largest values, in order."""
    return np.sort(np.argsort(np.abs(seen).max(0))[-_EXACT_CHANNELS:]).astype(np.int64)


def rounding(seen: NDArray[np.float32]) -> tuple[float, int]:
    """Return step and zero of the unsigned 8-bit integers that lose least, with 0 exact."""
    lowest, highest = min(float(seen.min()), 0.0), max(float(seen.max()), 1e-6)
    best, least = (1.0, 0), np.inf
    for share in np.linspace(0.3, 1.0, 36):
        step = share * (highest - lowest) / _ACTIVATION_LEVELS
        zero = int(np.clip(np.rint(-share * lowest / step), 0, _ACTIVATION_LEVELS))
        whole = np.clip(np.rint(seen / step) + zero, 0, _ACTIVATION_LEVELS)
        error = float(np.square((whole - zero) * step - seen).mean())
        if error < least:
            best, least = (step, zero), error
    return best


def pack_blocks(weight: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return 8-bit weights (out, blocks, 128) around 128, and scales (out, blocks)."""
    out, inner = weight.shape
    blocks = weight.reshape(out, inner // _BLOCK, _BLOCK)
    scales = np.maximum(np.abs(blocks).max(-1), 1e-8) / 127.0
    whole = np.rint(blocks / scales[..., None]) + 128.0
    return whole.astype(np.uint8), scales.astype(np.float32)


def build(
    weights: Weights, shape: Shape, kind: Kind, samples: Samples | None = None
) -> tuple[onnx.ModelProto, list[str]]:
    """Return the model, and the inputs of its multiplications."""
    b = GraphBuilder(weights, shape, kind, samples)
    present = b.node(
        "Cast",
        b.node("Not", b.node("Equal", "ids", b.constant("pad", np.array(0, np.int64)))),
        to=TensorProto.FLOAT,
    )
    absent = b.node("Mul", b.node("Sub", b.number(1.0), present), b.number(NOT_SEEN))
    away = b.node("Unsqueeze", absent, b.integers(1, 2))
    hidden = _embedded(b)
    for number in range(shape.layers):
        hidden = _layer(b, hidden, away, f"layers.{number}")
    _heads(b, hidden, present, absent)
    return _model(b), b.multiplied


def _embedded(b: GraphBuilder) -> str:
    words = b.weights["words.weight"]
    if b.kind == "float32":
        looked_up = b.node("Gather", b.constant("words", words), "ids")
    else:
        rows = np.maximum(np.abs(words).max(1, keepdims=True), 1e-8) / 127.0
        whole = b.node("Gather", b.constant("words", np.rint(words / rows).astype(np.int8)), "ids")
        steps = b.node("Gather", b.constant("words.steps", rows.astype(np.float32)), "ids")
        looked_up = b.node("Mul", b.node("Cast", whole, to=TensorProto.FLOAT), steps)
    length = b.node("Slice", b.node("Shape", "ids"), b.integers(1), b.integers(2))
    places = b.node(
        "Slice",
        b.constant("positions", b.weights["positions.weight"]),
        b.integers(0),
        length,
        b.integers(0),
    )
    letters = b.node("Gather", b.constant("letters_table", b.weights["letters.weight"]), "letters")
    return b.normalised(b.node("Add", b.node("Add", looked_up, places), letters), "norm")


def _layer(b: GraphBuilder, hidden: str, away: str, part: str) -> str:
    shape, weights = b.shape, b.weights
    narrow = shape.width // shape.heads
    scale = narrow**-0.5
    stacked, biases = (
        np.concatenate(
            [
                weights[f"{part}.query.{kind}"] * scale,
                weights[f"{part}.key.{kind}"],
                weights[f"{part}.value.{kind}"],
            ]
        )
        for kind in ("weight", "bias")
    )
    together = b.linear(hidden, stacked, biases, f"{part}.qkv")
    split = b.node("Reshape", together, b.integers(0, 0, 3, shape.heads, narrow))
    query, key, value = (
        b.node("Gather", split, b.constant(f"which_{i}", np.array(i, np.int64)), axis=2)
        for i in range(3)
    )
    query = b.node("Transpose", query, perm=[0, 2, 1, 3])
    key = b.node("Transpose", key, perm=[0, 2, 3, 1])
    value = b.node("Transpose", value, perm=[0, 2, 1, 3])
    weighed = b.node("Softmax", b.node("Add", b.node("MatMul", query, key), away), axis=-1)
    seen = b.node("Transpose", b.node("MatMul", weighed, value), perm=[0, 2, 1, 3])
    seen = b.node("Reshape", seen, b.integers(0, 0, shape.width), name=f"{part}.seen")
    seen = b.linear(seen, weights[f"{part}.out.weight"], weights[f"{part}.out.bias"], f"{part}.out")
    hidden = b.normalised(b.node("Add", hidden, seen), f"{part}.norm_attention")
    inner = b.linear(hidden, weights[f"{part}.up.weight"], weights[f"{part}.up.bias"], f"{part}.up")
    inner = b.node("Gelu", inner, name=f"{part}.inner", domain=CONTRIB)
    inner = b.linear(
        inner, weights[f"{part}.down.weight"], weights[f"{part}.down.bias"], f"{part}.down"
    )
    return b.normalised(b.node("Add", hidden, inner), f"{part}.norm_out")


def _heads(b: GraphBuilder, hidden: str, present: str, absent: str) -> None:
    weights = b.weights
    # Products of one window each, with the window on the right: stacked into one product, or summed by
    # a reduction, the last bits would depend on how many windows there are.
    row = b.node("Unsqueeze", present, b.integers(1))
    total = b.node("Squeeze", b.node("MatMul", row, hidden), b.integers(1))
    mean = b.node("Div", total, b.node("ReduceSum", present, b.integers(1), keepdims=1))
    lowered = b.node("Add", hidden, b.node("Unsqueeze", absent, b.integers(2)))
    highest = b.node("ReduceMax", lowered, b.integers(1), keepdims=0)
    column = b.node("Unsqueeze", b.node("Concat", mean, highest, axis=1), b.integers(2))
    pooled = b.node("Gelu", _onto_column(b, column, "pool"), domain=CONTRIB)
    b.node("Squeeze", _onto_column(b, pooled, "scores"), b.integers(2), name="scores")
    product = b.node("MatMul", hidden, b.constant("tags.weight", weights["tags.weight"].T))
    b.node("Add", product, b.constant("tags.bias", weights["tags.bias"]), name="tags")


def _onto_column(b: GraphBuilder, column: str, part: str) -> str:
    """Multiply in float32: a head is small, and its rounding would go straight to the scores."""
    product = b.node("MatMul", b.constant(f"{part}.weight", b.weights[f"{part}.weight"]), column)
    return b.node("Add", product, b.constant(f"{part}.bias", b.weights[f"{part}.bias"][:, None]))


def _model(b: GraphBuilder) -> onnx.ModelProto:
    inputs = [
        helper.make_tensor_value_info(each, TensorProto.INT64, ["windows", "length"])
        for each in ("ids", "letters")
    ]
    outputs = [
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["windows", None]),
        helper.make_tensor_value_info("tags", TensorProto.FLOAT, ["windows", "length", None]),
    ]
    graph = helper.make_graph(
        b.nodes, "assaymark-embedded", inputs, outputs, list(b.constants.values())
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="assaymark")
