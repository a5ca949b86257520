"""What the tests of attestations share."""

from __future__ import annotations

import pytest

from assaymark.attest.bundle import sign
from attest.by_hand import make_signer, make_statement


@pytest.fixture(scope="session")
def bundle() -> bytes:
    """A report that passes, signed."""
    return sign(make_statement(), make_signer())
