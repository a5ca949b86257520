"""Where logs of the tests lie."""

from attest.tlog.conftest import scratch

__all__ = ["scratch"]
