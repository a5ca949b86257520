from __future__ import annotations

import subprocess
import sys

import pytest

LOAD = (
    "import sys; from assaymark.detectors.pii.spec import PII; "
    "PII.load(PII.settings.model_validate({})); "
    "print([name for name in ('torch', 'transformers') if name in sys.modules])"
)


def output_of(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_patterns_load_neither_torch_nor_transformers():
    """The default detector does not pay for libraries it does not use."""
    assert output_of(LOAD) == "[]"


def test_what_was_hidden_can_be_imported_afterwards():
    """The harm detector finds torch, whichever of the two is loaded first."""
    pytest.importorskip("torch", reason="the `detoxify` extra is not installed")

    assert output_of(f"{LOAD}; import torch; print(torch.tensor([1, 2]).sum().item())") == "[]\n3"


def test_what_is_loaded_already_stays():
    """Nothing is hidden from a program that uses torch itself."""
    pytest.importorskip("torch", reason="the `detoxify` extra is not installed")

    assert output_of(f"import torch; {LOAD}; assert sys.modules['torch'] is torch").startswith(
        "['torch'"
    )
