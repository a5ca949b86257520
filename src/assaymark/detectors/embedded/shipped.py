"""
The model in the package: its digest, and how often the cascade's front was wrong on held-out text.

`python -m training ship` writes this file along with the model. Apart, so that declaring a detector
opens nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from assaymark.model.evidence import Settings

SHA256 = "73a596bc84a4e29103bbac99a20dc83eaac011a663e5e23e8a5fa9559c4a4157"
"""Of `model.onnx`."""

FLAGGED = 1334
"""Held-out texts that the encoder flags, in any score at 0.5."""

CLEARED = 13
"""How many of them the front clears."""

CLEARED_AT_MOST = 0.01661
"""Upper end of the 95 % interval (Clopper-Pearson) of the share that it clears."""

QUALITY: Mapping[str, Settings] = {
    "harm": {
        "report": "reports/benchmarks/embedded_quality.md",
        "score": "harmful",
        "unseen_sets": {
            "surge_toxicity": {
                "roc_auc": 0.9621,
                "average_precision": 0.9817,
                "recall_at_1_percent": 0.3892,
            },
            "toxicchat_train": {
                "roc_auc": 0.8741,
                "average_precision": 0.5284,
                "recall_at_1_percent": 0.2273,
            },
            "hatecheck_en": {
                "roc_auc": 0.8071,
                "average_precision": 0.8867,
                "recall_at_1_percent": 0.1285,
            },
            "xstest": {
                "roc_auc": 0.8721,
                "average_precision": 0.8793,
                "recall_at_1_percent": 0.2353,
            },
        },
    },
    "injection": {
        "report": "reports/benchmarks/embedded_quality.md",
        "score": "injection",
        "unseen_sets": {
            "toxicchat_train": {
                "roc_auc": 0.9092,
                "average_precision": 0.4958,
                "recall_at_1_percent": 0.459,
            },
            "tensor_trust_extraction": {
                "roc_auc": 0.9992,
                "average_precision": 0.9945,
                "recall_at_1_percent": 0.9757,
            },
        },
    },
}
"""What `benchmarks/embedded_quality.py` measured on sources that training never saw, by detector."""
