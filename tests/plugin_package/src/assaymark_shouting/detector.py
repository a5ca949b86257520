"""A detector for words in capitals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from assaymark.canonical import digest_of
from assaymark.contracts.detector import Detections, DetectorSpec, Span

if TYPE_CHECKING:
    import pyarrow as pa

    from assaymark.model.subject import Sha256


class ShoutingSettings(BaseModel):
    """What a policy may set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    letters: int = Field(default=5, ge=2, description="letters from which on a word shouts")


class Shouting:
    """Words of at least so many capital letters."""

    def __init__(self, settings: ShoutingSettings) -> None:
        self._pattern = re.compile(rf"\b[A-Z]{{{settings.letters},}}\b")
        self.digest: Sha256 = digest_of({"pattern": self._pattern.pattern})

    def detect(self, texts: pa.StringArray) -> Detections:
        """Judge `texts`."""
        return Detections(
            spans=[
                Span(index, match.start(), match.end(), "SHOUTED_WORD", 1.0)
                for index, text in enumerate(texts.to_pylist())
                for match in self._pattern.finditer(text)
            ]
        )


SHOUTING = DetectorSpec(
    id="shouting",
    summary="words in capitals",
    version="1",
    settings=ShoutingSettings,
    entities=("SHOUTED_WORD",),
    load=Shouting,
)
