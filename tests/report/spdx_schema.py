"""The JSON Schema of SPDX 3.0.1, known by its hash: it is no part of this repository."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path

SHA256 = "873ff9d3177a0c12495fe585c5012f7bec0aa70aabed1f2f1e79f25bd95eb107"
"""As shacl2code makes it from the specification's model, and as cdxgen ships it."""

SHARED = "vectors/schemas/spdx-json-schema-3.0.1.json.gz"
_PACKAGE = "@cyclonedx/cdxgen@12.8.4"
_MEMBER = "package/data/spdx-export.schema.json"
_LIMIT = 120  # seconds; a hung registry must not hang the suite


def schema_bytes(shared: Path, folder: Path) -> bytes | str:
    """Return the schema, or why it is not to be had: from the shared data, or out of a package of npm's."""
    if (shared / SHARED).is_file():
        return gzip.decompress((shared / SHARED).read_bytes())
    npm = shutil.which("npm")
    if npm is None:
        return "the JSON Schema of SPDX 3.0.1 is not among the shared schemas, and npm is not installed"
    try:
        subprocess.run(
            [npm, "pack", "--silent", _PACKAGE],
            cwd=folder,
            capture_output=True,
            check=True,
            timeout=_LIMIT,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        return f"npm could not fetch the JSON Schema of SPDX 3.0.1: {type(error).__name__}"
    with tarfile.open(next(folder.glob("*.tgz"))) as packed:
        member = packed.extractfile(_MEMBER)
        assert member is not None
        found = member.read()
    assert hashlib.sha256(found).hexdigest() == SHA256
    return found
