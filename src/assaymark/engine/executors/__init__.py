"""How batches are spread over workers. Every executor gives the same evidence bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from assaymark.engine.job import Partial, Portion


class Executor(AbstractContextManager["Executor"], Protocol):
    """Runs one job; its workers live until the context is left."""

    def __enter__(self) -> Self:
        """Begin; workers may start later."""
        ...

    @property
    def cores(self) -> int:
        """How many workers make sense at most."""
        ...

    def run(
        self, portions: Iterable[Portion], checks: tuple[str, ...], *, workers: int
    ) -> Iterator[Partial]:
        """Yield the partial result of every batch, in order.

        Args:
            portions: What to work on; read only as fast as results are taken.
            checks: Ids of the row checks that this subject is for.
            workers: How many to use, at least 1; 1 is this process.

        Raises:
            DetectorError: A worker died, or loaded other detectors than this process.
        """
        ...
