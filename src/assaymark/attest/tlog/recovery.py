"""
What a writer does before it writes: read where the log ends, mend what can be mended, clear the rest away.

Tiles follow from entries, so they can be made anew; this happens only where the entries give the root of
the checkpoint. Entries follow from nothing, and are never touched.

tests/attest/tlog/test_directory.py damages logs; tests/attest/tlog/test_crash.py interrupts writers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assaymark.attest.tlog.durable import DurableFolder
from assaymark.attest.tlog.merkle import leaf_hash
from assaymark.attest.tlog.reader import LogReader, contradiction
from assaymark.attest.tlog.refusal import LogError, Reason
from assaymark.attest.tlog.tiles import ENTRIES, Frontier, Tile, right_edge
from assaymark.attest.tlog.verify import TILES, leftovers, narrower, replay


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a log ends: all that is needed to add to it."""

    frontier: Frontier
    tail: tuple[bytes, ...]
    """The entries since the last full bundle."""


def read_edge(reader: LogReader) -> Edge:
    """Read the partial tiles, and demand that they lead to the root of the checkpoint.

    Raises:
        LogError: They do not, or one is missing or torn, or the last entries are others.
    """
    frontier = Frontier(reader.size)
    tail: tuple[bytes, ...] = ()
    for tile in right_edge(reader.size):
        if tile.level == ENTRIES:
            tail = tuple(reader.bundle(tile.index))
            continue
        while len(frontier.levels) < tile.level:
            frontier.levels.append([])
        frontier.levels.append(reader.tile(tile))
    if frontier.root() != reader.signed.checkpoint.root:
        raise LogError(Reason.CONTENT, "the tiles at its end do not lead to the root")
    if tail and [leaf_hash(each) for each in tail] != frontier.levels[0]:
        raise LogError(Reason.CONTENT, "the last entries do not lead to the root")
    return Edge(frontier, tail)


def rebuild_tiles(reader: LogReader, folder: DurableFolder, reason: LogError) -> None:
    """Write tiles anew where the entries alone lead to the root of the checkpoint.

    Args:
        reader: The log.
        folder: Its directory.
        reason: Why the tiles are doubted; said where the entries do not help.

    Raises:
        LogError: The entries do not lead to the root either; nothing was written.
        InputError: The system does not let us write.
    """

    def repair(tile: Tile, data: bytes) -> None:
        if reader.content(tile) != data:
            folder.put(tile.path, data)

    demand_entries(reader, reason)
    replay(reader, repair)
    for made in narrower(reader):
        repair(*made)
    folder.settle()


def demand_entries(reader: LogReader, reason: LogError) -> None:
    """Demand that the entries alone lead to the root of the checkpoint.

    Raises:
        LogError: They do not: `reason`, or what is wrong with the entries.
    """
    try:
        root = replay(reader, lambda _tile, _data: None)
    except LogError as error:
        raise contradiction(error) from None
    if root != reader.signed.checkpoint.root:
        raise contradiction(reason)


def sweep(root: Path, size: int, folder: DurableFolder) -> None:
    """Remove what an interrupted append or pruning left, and the folders that it leaves empty.

    Raises:
        InputError: The system does not let us.
    """
    for name in [*leftovers(root, size)]:
        folder.remove(name)
    tiles = root / TILES
    # Backwards, so that a folder is looked at after those within it.
    for each in [*sorted(tiles.rglob("*/"), reverse=True), tiles]:
        if each.is_dir() and not any(each.iterdir()):
            folder.remove(each.relative_to(root).as_posix())
    folder.settle()
