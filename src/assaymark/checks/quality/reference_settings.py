"""How a policy names files that a check reads; apart, so that a policy loads without numpy."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from assaymark.checks.quality.record_texts import TextSettings
from assaymark.errors import InputError


class ReferenceFile(BaseModel):
    """One file, by what it holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[str, Field(min_length=1)]
    """Relative to where the audit runs."""

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """Of its bytes as stored."""

    def data(self, what: str) -> bytes:
        """Return its bytes.

        Args:
            what: What it is, for errors.

        Raises:
            InputError: It cannot be read, or is not the one that the policy means.
        """
        try:
            data = Path(self.path).read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise InputError(f"the {what} `{self.path}` cannot be read: {reason}") from None
        digest = hashlib.sha256(data).hexdigest()
        if digest != self.sha256:
            raise InputError(
                f"the {what} `{self.path}` is not the one that the policy names:"
                f" expected SHA-256 {self.sha256}, got {digest}",
                hint="restore the file, or have the policy's owner name the new one",
            )
        return data


class ReferenceSettings(TextSettings):
    """What a policy may set."""

    references: tuple[ReferenceFile, ...] = Field(
        default=(),
        description="files that must not be in the data: `path`, and `sha256` of the stored bytes",
    )
