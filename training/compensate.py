"""
Weights rounded one input at a time; the weights that are still to be rounded make up for each error.

Rounding every weight to its nearest step loses what training changed by less than half of one: all of it,
where a run went on from a file that was rounded before. Here it is the products that stay near.

Source: E. Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained
Transformers", ICLR 2023, with inputs in the order of their size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DAMPING = 0.01  # of the mean diagonal; inputs that hardly ever move must not take up errors


def compensated(
    weight: NDArray[np.float32], seen: NDArray[np.float32], steps: NDArray[np.float32], levels: int
) -> NDArray[np.int8]:
    """Return whole numbers (out, in) whose multiples of `steps` multiply like `weight`.

    Args:
        weight: (out, in).
        seen: Rows of inputs, (rows, in).
        steps: Of each output, (out,).
        levels: Whole numbers on each side of 0.
    """
    rows = seen.astype(np.float64)
    curve = rows.T @ rows
    diagonal = np.diagonal(curve)
    curve = curve + np.eye(len(curve)) * max(_DAMPING * float(diagonal.mean()), 1e-12)
    order = np.argsort(-diagonal, kind="stable")
    # The upper factor of the inverse: row i says how later inputs make up for an error of input i.
    ways = np.linalg.cholesky(np.linalg.inv(curve[np.ix_(order, order)])).T
    left = weight[:, order].astype(np.float64)
    whole = np.zeros_like(left)
    for place, way in enumerate(ways):
        scaled = left[:, place] / steps
        whole[:, place] = np.clip(np.rint(scaled), -levels, levels)
        error = (scaled - whole[:, place]) * steps / way[place]
        left[:, place + 1 :] -= np.outer(error, way[place + 1 :])
    given = np.empty_like(whole)
    given[:, order] = whole
    return given.astype(np.int8)
