"""
Counters, gauges and histograms, and the text in which Prometheus reads them.

No series is made for a value that a client chooses: labels hold names of policies, detectors, entities, APIs
and configured tenants. Beyond a bound on series for each family, what is new goes to the label `other`.

Source: Prometheus, "Exposition formats", text format 0.0.4.
tests/guard/watch/test_metrics.py reads it with prometheus_client.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import TypeAlias

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OTHER = "other"

_MOST_SERIES = 500
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})

Labels: TypeAlias = tuple[str, ...]
Reading: TypeAlias = Callable[[], float | Mapping[Labels, float]]


class _Family:
    kind = ""

    def __init__(self, name: str, help_text: str, labels: Sequence[str] = ()) -> None:
        self.name = name
        self._help = help_text
        self._labels = tuple(labels)
        self._lock = threading.Lock()
        self._known: set[Labels] = set()

    def lines(self) -> Iterator[str]:
        """Yield the family as Prometheus reads it."""
        yield f"# HELP {self.name} {self._help.translate(_HELP_ESCAPES)}"
        yield f"# TYPE {self.name} {self.kind}"
        yield from self._samples()

    def _samples(self) -> Iterable[str]:
        raise AssertionError  # each kind has its own

    def _bounded(self, values: Labels) -> Labels:
        if len(values) != len(self._labels):
            raise ValueError(f"{self.name} has the labels {self._labels}")
        if values not in self._known:
            if len(self._known) >= _MOST_SERIES:
                return (OTHER,) * len(values)
            self._known.add(values)
        return values

    def _line(self, values: Labels, number: float, suffix: str = "", **more: str) -> str:
        pairs = [*zip(self._labels, values, strict=True), *more.items()]
        written = ",".join(f'{name}="{text.translate(_ESCAPES)}"' for name, text in pairs)
        return f"{self.name}{suffix}{'{' + written + '}' if written else ''} {_number(number)}"


class Counter(_Family):
    """A number that only grows."""

    kind = "counter"

    def __init__(self, name: str, help_text: str, labels: Sequence[str] = ()) -> None:
        super().__init__(name, help_text, labels)
        self._values: dict[Labels, float] = {} if labels else {(): 0.0}

    def add(self, *values: str, by: float = 1.0) -> None:
        """Count something with these labels."""
        with self._lock:
            key = self._bounded(values)
            self._values[key] = self._values.get(key, 0.0) + by

    def value(self, *values: str) -> float:
        """Return how much was counted."""
        with self._lock:
            return self._values.get(values, 0.0)

    def _samples(self) -> Iterable[str]:
        with self._lock:
            held = sorted(self._values.items())
        return [self._line(values, number) for values, number in held]


class Gauge(_Family):
    """A number that is read when somebody asks."""

    kind = "gauge"

    def __init__(
        self, name: str, help_text: str, read: Reading, labels: Sequence[str] = ()
    ) -> None:
        super().__init__(name, help_text, labels)
        self._read = read

    def _samples(self) -> Iterable[str]:
        read = self._read()
        held = sorted(read.items()) if isinstance(read, Mapping) else [((), read)]
        return [self._line(values, number) for values, number in held]


class CountedElsewhere(Gauge):
    """A number that only grows, and that somebody else counts."""

    kind = "counter"


class Histogram(_Family):
    """How often a number was at most so large."""

    kind = "histogram"

    def __init__(
        self, name: str, help_text: str, bounds: Sequence[float], labels: Sequence[str] = ()
    ) -> None:
        super().__init__(name, help_text, labels)
        self._bounds = tuple(bounds)
        self._cells: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}

    def observe(self, number: float, *values: str) -> None:
        """Count `number` under these labels."""
        with self._lock:
            key = self._bounded(values)
            cells = self._cells.setdefault(key, [0] * (len(self._bounds) + 1))
            cells[bisect_left(self._bounds, number)] += 1
            self._sums[key] = self._sums.get(key, 0.0) + number

    def _samples(self) -> Iterable[str]:
        with self._lock:
            held = sorted((key, list(cells), self._sums[key]) for key, cells in self._cells.items())
        lines = []
        for values, cells, total in held:
            for bound, count in zip((*self._bounds, math.inf), accumulate(cells), strict=True):
                lines.append(self._line(values, count, "_bucket", le=_number(bound)))
            lines.append(self._line(values, total, "_sum"))
            lines.append(self._line(values, sum(cells), "_count"))
        return lines


class Metrics:
    """All families of a server, in the order in which they were added."""

    def __init__(self) -> None:
        self._families: dict[str, _Family] = {}

    def add(self, *families: _Family) -> None:
        """Add families.

        Raises:
            ValueError: A name is taken.
        """
        for each in families:
            if each.name in self._families:
                raise ValueError(f"the metric {each.name} is there already")
            self._families[each.name] = each

    def render(self) -> bytes:
        """Return the text."""
        lines = [line for each in self._families.values() for line in each.lines()]
        return "".join(f"{each}\n" for each in lines).encode()


def _number(value: float) -> str:
    if value == math.inf:
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(value)
