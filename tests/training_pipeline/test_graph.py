"""The exported graph does what the network does."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from assaymark.detectors.onnx_runtime import onnx_runtime  # noqa: E402
from training.encoder import Encoder, Shape  # noqa: E402
from training.graph import build, largest_channels, pack_blocks, rounding  # noqa: E402
from training.unpack import weights_of as unpacked  # noqa: E402

SHAPE = Shape(vocabulary=50, width=128, layers=2, heads=4, inner=256, positions=16, pooled=32)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """A small network with weights from a fixed seed."""
    torch.manual_seed(1)
    made = Encoder(SHAPE).eval()
    torch.nn.init.normal_(made.letters.weight)
    return made


def weights_of(encoder: Encoder) -> dict[str, np.ndarray]:
    """Return the network's weights by name."""
    return {name: each.detach().numpy() for name, each in encoder.state_dict().items()}


def run(model: object, ids: np.ndarray, letters: np.ndarray) -> list[np.ndarray]:
    """Run a graph."""
    session = onnx_runtime().InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(["scores", "tags"], {"ids": ids, "letters": letters})


@pytest.fixture(scope="module")
def given() -> tuple[np.ndarray, np.ndarray]:
    """Windows with padding behind."""
    rng = np.random.default_rng(2)
    ids = rng.integers(1, 50, (6, 12))
    for row, end in zip(ids, (12, 9, 4, 12, 7, 5), strict=True):
        row[end:] = 0
    return ids, rng.integers(0, 9, ids.shape)


def test_the_float_graph_is_the_network(
    encoder: Encoder, given: tuple[np.ndarray, np.ndarray]
) -> None:
    """Scores and tags agree with PyTorch's to the fifth digit."""
    ids, letters = given
    with torch.no_grad():
        scores, tags = encoder(*map(torch.from_numpy, given), torch.from_numpy(ids != 0))

    found = run(build(weights_of(encoder), SHAPE, "float32")[0], ids, letters)

    assert found[0] == pytest.approx(scores.numpy(), abs=1e-5)
    assert found[1][ids != 0] == pytest.approx(tags.numpy()[ids != 0], abs=1e-5)


def observed_in(
    weights: dict[str, np.ndarray], ids: np.ndarray, letters: np.ndarray
) -> dict[str, np.ndarray]:
    """Return what every multiplication is given, as calibration would see it."""
    import onnx
    from onnx import TensorProto, helper

    exact, observed = build(weights, SHAPE, "float32")
    probed = onnx.ModelProto()
    probed.CopyFrom(exact)
    names = list(dict.fromkeys(observed))
    probed.graph.output.extend(
        helper.make_tensor_value_info(each, TensorProto.FLOAT, None) for each in names
    )
    session = onnx_runtime().InferenceSession(
        probed.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    values = session.run(names, {"ids": ids, "letters": letters})
    return {
        name: each.reshape(-1, each.shape[-1]) for name, each in zip(names, values, strict=True)
    }


@pytest.mark.parametrize("kind", ["static", "blocks"])
def test_quantised_graphs_stay_close(
    encoder: Encoder, given: tuple[np.ndarray, np.ndarray], kind: str
) -> None:
    """Eight bits move a score a little, and only a little."""
    ids, letters = given
    weights = weights_of(encoder)
    exact, _ = build(weights, SHAPE, "float32")
    samples = observed_in(weights, ids, letters)

    found = run(build(weights, SHAPE, kind, samples)[0], ids, letters)[0]

    drift = np.abs(found - run(exact, ids, letters)[0])
    assert 0.0 < drift.max() < 0.1


def test_a_window_is_scored_alike_alone_and_in_company(
    encoder: Encoder, given: tuple[np.ndarray, np.ndarray]
) -> None:
    """Not the last bit of a window's scores depends on the other windows."""
    ids, letters = given
    model = build(weights_of(encoder), SHAPE, "blocks")[0]
    together = run(model, ids, letters)[0]

    alone = [
        run(model, ids[row : row + 1], letters[row : row + 1])[0][0] for row in range(len(ids))
    ]

    assert (np.array(alone) == together).all()


def test_rounding_keeps_zero_and_loses_little() -> None:
    """0 stays 0, and a rare outlier does not widen the steps for everything else."""
    seen = np.concatenate((np.linspace(-1, 3, 400_000), [6.0])).astype(np.float32)[:, None]

    step, zero = rounding(seen)

    assert 0 <= zero <= 255
    assert step < 7 / 255


def test_the_largest_channels_are_found() -> None:
    """Eight of them, in order: they are multiplied exactly."""
    seen = np.random.default_rng(3).normal(size=(50, 40)).astype(np.float32)
    seen[:, [2, 30]] *= 100

    found = largest_channels(seen)

    assert len(found) == 8
    assert {2, 30} <= set(found.tolist())
    assert (np.diff(found) > 0).all()


def test_blocks_unpack_to_nearly_the_weights() -> None:
    """Eight bits around 128 with a scale for each block."""
    weight = np.random.default_rng(4).normal(size=(3, 256)).astype(np.float32)

    packed, scales = pack_blocks(weight)

    back = (packed.astype(np.float32) - 128) * scales[..., None]
    assert back.reshape(3, 256) == pytest.approx(weight, abs=0.02)


def test_weights_come_back_out_of_a_shipped_graph(
    encoder: Encoder, given: tuple[np.ndarray, np.ndarray]
) -> None:
    """As they were rounded, half a step away on average; a few made up for others."""
    from onnx import numpy_helper

    weights = weights_of(encoder)
    rounded, _ = build(weights, SHAPE, "static", observed_in(weights, *given))
    constants = {each.name: numpy_helper.to_array(each) for each in rounded.graph.initializer}

    found = unpacked(constants, SHAPE)

    assert found.keys() == weights.keys()
    for name, each in found.items():
        step = np.abs(weights[name]).max() / 64 if each.ndim > 1 else 1e-6
        moved = np.abs(each - weights[name])
        assert moved.mean() <= 0.51 * step, name
        assert moved.max() <= (8 if each.ndim > 1 else 1) * step, name
