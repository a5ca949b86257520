"""
The model in the package: its digest, and how often the cascade's front was wrong on held-out text.

`python -m training ship` writes this file along with the model. Apart, so that declaring a detector
opens nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from assaymark.model.evidence import Settings

SHA256 = "fe3cf05856011cd3a278d42207610bafea847cc1bc4cf457ba8f049acc7bea2c"
"""Of `model.onnx`."""

FLAGGED = 1310
"""Held-out texts that the encoder flags, in any score at 0.5."""

CLEARED = 11
"""How many of them the front clears."""

CLEARED_AT_MOST = 0.01497
"""Upper end of the 95 % interval (Clopper-Pearson) of the share that it clears."""

QUALITY: Mapping[str, Settings] = {
    "harm": {
        "report": "reports/benchmarks/embedded_quality.md",
        "score": "harmful",
        "unseen_sets": {
            "surge_toxicity": {
                "roc_auc": 0.9626,
                "average_precision": 0.9821,
                "recall_at_1_percent": 0.5709,
            },
            "toxicchat_train": {
                "roc_auc": 0.8711,
                "average_precision": 0.5211,
                "recall_at_1_percent": 0.2098,
            },
            "hatecheck_en": {
                "roc_auc": 0.8013,
                "average_precision": 0.8831,
                "recall_at_1_percent": 0.0766,
            },
            "xstest": {
                "roc_auc": 0.8584,
                "average_precision": 0.8657,
                "recall_at_1_percent": 0.1667,
            },
        },
    },
    "injection": {
        "report": "reports/benchmarks/embedded_quality.md",
        "score": "injection",
        "unseen_sets": {
            "toxicchat_train": {
                "roc_auc": 0.9007,
                "average_precision": 0.4694,
                "recall_at_1_percent": 0.4426,
            },
            "tensor_trust_extraction": {
                "roc_auc": 0.9989,
                "average_precision": 0.9929,
                "recall_at_1_percent": 0.973,
            },
        },
    },
}
"""What `benchmarks/embedded_quality.py` measured on sources that training never saw, by detector."""
