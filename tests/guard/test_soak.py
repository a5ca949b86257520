"""Two hundred streams at a time, for some seconds: the short form of `benchmarks/guard_soak.py`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent


def test_two_hundred_streams(tmp_path: Path) -> None:
    """Each client gets its own answer, redacted, and the log has one decision for each request."""
    script = REPOSITORY / "benchmarks" / "guard_soak.py"
    load = ("--streams", "200", "--rate", "50", "--minutes", "0.1", "--every", "0.5")

    done = subprocess.run(
        [sys.executable, str(script), *load, "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "guard_soak.json").read_text())["found"]
    assert found["wrong"] == []
    assert found["requests"] == found["log"]["decisions"]["decisions"] >= 200
    assert {"chat: whole", "tool: whole", "messages: whole", "responses: whole"} <= set(
        found["ended"]
    )
    assert {"blocked: blocked", "dies: broke off", "leaves: left"} <= set(found["ended"])
    assert max(each["open"] for each in found["samples"]) > 150
