"""
How far a run has come: a live line on a terminal, a plain line every few seconds elsewhere.

Always on stderr, so that stdout stays the result. rich is imported only for the live line.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from assaymark.cli.show import Show
    from assaymark.engine.run import Progress

EVERY = 5.0
"""Seconds between two plain lines."""


@contextmanager
def progress(
    show: Show, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[Progress], None]]:
    """Give the callback that shows a run's progress, and tidy up when the run ends."""
    if show.quiet:
        yield lambda _: None
    elif show.live:
        with _live() as update:
            yield update
    else:
        yield _plain(clock)


def _words(now: Progress) -> str:
    return f"{now.subject}: {now.rows:,} rows read, {now.findings:,} findings"


def _plain(clock: Callable[[], float]) -> Callable[[Progress], None]:
    last = clock()

    def update(now: Progress) -> None:
        nonlocal last
        if clock() - last >= EVERY:
            last = clock()
            click.echo(_words(now), err=True)

    return update


@contextmanager
def _live() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda now: bar.update(task, description=_words(now))
