"""
A tree in files: 256 hashes to a tile, 256 entries to a bundle.

The hash of a full tile stands in the tile above it, so every complete subtree can be had from one tile.
What is not full yet stands in a partial tile, under a name that says how wide it is; no file ever changes
its meaning while the log grows.

Source: C2SP tlog-tiles.
tests/attest/tlog/test_tiles.py
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from assaymark.attest.tlog.merkle import HASH_SIZE, MAX_SIZE, join_peaks, root_of
from assaymark.attest.tlog.refusal import malformed
from assaymark.errors import UsageError

TILE_WIDTH = 256
TILE_HEIGHT = 8
MAX_ENTRY = 65_535  # bytes; what the length in front of an entry can say
MAX_BUNDLE = TILE_WIDTH * (2 + MAX_ENTRY)  # bytes

ENTRIES = -1
"""The level of entry bundles, below the leaf hashes. They are cut as level 0 is."""

_MAX_LEVEL = 63
_PATH = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Which tile or bundle, and how much of it."""

    level: int
    """0 for leaf hashes; `ENTRIES` for the entries themselves."""

    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        """Refuse what no log has.

        Raises:
            ValueError: A number is out of its range.
        """
        if (
            not ENTRIES <= self.level <= _MAX_LEVEL
            or not 0 <= self.index <= MAX_SIZE
            or not 1 <= self.width <= TILE_WIDTH
        ):
            raise ValueError(f"no such tile: {self.level}, {self.index}, {self.width}")

    @property
    def path(self) -> str:
        """Where it lies below the log's directory."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.is_full else f".p/{self.width}"
        return f"tile/{level}/{_index_path(self.index)}{partial}"

    @property
    def is_full(self) -> bool:
        """Whether nothing will be added to it."""
        return self.width == TILE_WIDTH

    @property
    def full(self) -> Tile:
        """The same tile once it is full."""
        return Tile(self.level, self.index)


def parse_tile_path(path: str) -> Tile | None:
    """Return which tile lies at `path`, or `None` where none can lie there."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    level = ENTRIES if match[1] == "entries" else int(match[1])
    index = int(match[2].replace("/", "").replace("x", ""))
    width = TILE_WIDTH if match[3] is None else int(match[3])
    # One tile has one path: no empty groups in front, and no partial tile as wide as a full one.
    if index > MAX_SIZE or width > TILE_WIDTH:
        return None
    tile = Tile(level, index, width)
    return tile if tile.path == path else None


def tile_at(level: int, index: int, size: int) -> Tile:
    """Return tile `index` of `level` as it is in a log of `size` entries.

    Raises:
        ValueError: A log of this size has no such tile.
    """
    count = size >> (TILE_HEIGHT * max(level, 0))
    return Tile(level, index, min(TILE_WIDTH, count - index * TILE_WIDTH))


def right_edge(size: int) -> Iterator[Tile]:
    """Yield what is partial in a log of `size` entries: the last bundle, then one tile a level."""
    if size % TILE_WIDTH:
        yield tile_at(ENTRIES, size // TILE_WIDTH, size)
    level, count = 0, size
    while count:
        if count % TILE_WIDTH:
            yield tile_at(level, count // TILE_WIDTH, size)
        level, count = level + 1, count // TILE_WIDTH


def split_tile(data: bytes, tile: Tile) -> list[bytes]:
    """Return the hashes in the file of `tile`.

    Raises:
        LogError: The file has another length: it is torn, or not a tile.
    """
    expected = tile.width * HASH_SIZE
    if len(data) != expected:
        raise malformed(f"expected {expected} bytes in `{tile.path}`, got {len(data)}")
    return [data[at : at + HASH_SIZE] for at in range(0, expected, HASH_SIZE)]


def pack_entries(entries: Sequence[bytes]) -> bytes:
    """Return a bundle.

    Raises:
        UsageError: An entry is longer than a bundle can hold.
    """
    for each in entries:
        if len(each) > MAX_ENTRY:
            raise UsageError(f"an entry has {len(each)} bytes; a log takes at most {MAX_ENTRY}")
    return b"".join(len(each).to_bytes(2, "big") + each for each in entries)


def split_bundle(data: bytes, tile: Tile) -> list[bytes]:
    """Return the entries in the file of the bundle `tile`.

    Raises:
        LogError: The file is torn, or holds another number of entries.
    """
    if len(data) > MAX_BUNDLE:
        raise malformed(f"expected at most {MAX_BUNDLE} bytes in `{tile.path}`, got {len(data)}")
    entries: list[bytes] = []
    at = 0
    while at < len(data) and len(entries) < tile.width:
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data) or at + 2 > len(data):
            break
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data) or len(entries) != tile.width:
        raise malformed(f"expected {tile.width} whole entries in `{tile.path}` and nothing else")
    return entries


@dataclass(slots=True)
class Frontier:
    """The right edge of a growing tree: what is needed to add to it, and no more.

    INVARIANT: `levels[n]` is the content of the partial tile at level n, fewer than 256 hashes.
    """

    size: int = 0
    levels: list[list[bytes]] = field(default_factory=list)

    def add(self, leaf: bytes) -> Iterator[tuple[Tile, bytes]]:
        """Add a leaf hash; yield the tiles that it completes, with their content."""
        self.size += 1
        hashed, level = leaf, 0
        while True:
            if level == len(self.levels):
                self.levels.append([])
            hashes = self.levels[level]
            hashes.append(hashed)
            if len(hashes) < TILE_WIDTH:
                return
            index = (self.size >> (TILE_HEIGHT * (level + 1))) - 1
            yield Tile(level, index), b"".join(hashes)
            hashed, level = root_of(hashes), level + 1
            hashes.clear()

    def partial(self) -> Iterator[tuple[Tile, bytes]]:
        """Yield the partial tiles, with their content."""
        for level, hashes in enumerate(self.levels):
            if hashes:
                index = self.size >> (TILE_HEIGHT * (level + 1))
                yield Tile(level, index, len(hashes)), b"".join(hashes)

    def root(self) -> bytes:
        """Return the root over everything that was added."""
        peaks: list[bytes] = []
        for hashes in reversed(self.levels):
            at = 0
            while at < len(hashes):
                width = 1 << (len(hashes) - at).bit_length() - 1
                peaks.append(root_of(hashes[at : at + width]))
                at += width
        return join_peaks(peaks)


def range_root(start: int, end: int, read: Callable[[int, int], list[bytes]]) -> bytes:
    """Return the root over the leaves [`start`, `end`) of a log in tiles.

    Args:
        start: The first leaf; a multiple of the largest power of two that fits into the range.
        end: One past the last leaf.
        read: From level and index to the hashes of that tile.
    """
    peaks = []
    while start < end:
        height = (end - start).bit_length() - 1
        level = height // TILE_HEIGHT
        first = start >> (TILE_HEIGHT * level)
        count = 1 << (height % TILE_HEIGHT)
        offset = first % TILE_WIDTH
        peaks.append(root_of(read(level, first // TILE_WIDTH)[offset : offset + count]))
        start += 1 << height
    return join_peaks(peaks)


def _index_path(index: int) -> str:
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{each}" for each in groups[:-1]), groups[-1]])
