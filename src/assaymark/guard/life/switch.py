"""
The kill switch: a file that stops everything, or lets everything pass.

A file that is there is a switch that is on, whatever is wrong with it: only the word `pass` in it lets
requests pass, and only where that was allowed at the start. It is looked at a few times a second, so
that an operator needs nothing but a shell.

tests/guard/life/test_switch.py
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from assaymark.attest.tlog.durable import read_file
from assaymark.errors import InputError

_LOOK_AGAIN = 0.25
"""Seconds for which an answer is believed."""

_LONGEST = 64  # bytes


class Mode(StrEnum):
    """What a switch that is on does."""

    BLOCK = "block"
    """No request is served."""

    PASS = "pass"  # noqa: S105 - no password
    """Every request is served, and nothing is judged."""


class KillSwitch:
    """A switch that a file or a call turns on.

    Args:
        path: The file; `None` where only calls turn it.
        allows_pass: Whether it may let everything pass.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        allows_pass: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._allows_pass = path, allows_pass
        self._clock = clock
        self._on_change: Callable[[Mode | None], None] = lambda _: None
        self._lock = threading.Lock()
        self._by_hand: Mode | None = None
        self._by_file: Mode | None = None
        self._looked = -_LOOK_AGAIN
        self._last: Mode | None = None

    def listen(self, on_change: Callable[[Mode | None], None]) -> None:
        """Tell `on_change` of every change from now on."""
        self._on_change = on_change

    def turn(self, mode: Mode | None) -> None:
        """Turn it on, or, with `None`, off; the file turns it on all the same."""
        with self._lock:
            self._by_hand = self._allowed(mode)

    def mode(self) -> Mode | None:
        """Return what holds now; `None` while it is off."""
        with self._lock:
            now = self._clock()
            if self._path is not None and now - self._looked >= _LOOK_AGAIN:
                self._looked, self._by_file = now, self._read(self._path)
            modes = {self._by_hand, self._by_file} - {None}
            mode = None if not modes else Mode.BLOCK if Mode.BLOCK in modes else Mode.PASS
            changed = mode is not self._last
            self._last = mode
        if changed:
            self._on_change(mode)
        return mode

    def _read(self, path: Path) -> Mode | None:
        try:
            data = read_file(path, limit=_LONGEST)
        except InputError:
            return Mode.BLOCK
        if data is None:
            return None
        return self._allowed(Mode.PASS if data.strip() == b"pass" else Mode.BLOCK)

    def _allowed(self, mode: Mode | None) -> Mode | None:
        return Mode.BLOCK if mode is Mode.PASS and not self._allows_pass else mode
