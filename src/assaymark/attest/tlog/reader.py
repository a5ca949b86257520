"""
A log as its readers see it: a signed checkpoint, and files that must agree with it.

Reading changes nothing and takes no lock. The checkpoint is read first, and everything else as it was at that
size, so a writer at work does not disturb. What is read is checked when it is used: a proof that this class
hands out was verified against the root before.

tests/attest/tlog/test_reader.py
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from assaymark.attest.tlog.checkpoint import SignedCheckpoint, open_checkpoint
from assaymark.attest.tlog.durable import read_file
from assaymark.attest.tlog.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from assaymark.attest.tlog.note import MAX_NOTE, NoteKey
from assaymark.attest.tlog.proof import LogProof
from assaymark.attest.tlog.refusal import LogError, Reason
from assaymark.attest.tlog.tiles import (
    ENTRIES,
    MAX_BUNDLE,
    TILE_WIDTH,
    Tile,
    range_root,
    split_bundle,
    split_tile,
    tile_at,
)
from assaymark.errors import UsageError

CHECKPOINT = "checkpoint"

_CACHED_TILES = 256  # of 8 KiB


class LogReader:
    """A log directory at one checkpoint.

    Args:
        root: The directory.
        head: The checkpoint that everything is read at.
    """

    def __init__(self, root: Path, head: SignedCheckpoint) -> None:
        self.root = root
        self.signed = head
        self._hashes = lru_cache(maxsize=_CACHED_TILES)(self._read_hashes)

    @classmethod
    def open(cls, root: Path, log_key: NoteKey) -> LogReader:
        """Read the checkpoint of the log at `root` and demand that `log_key` signed it.

        Raises:
            LogError: The log did not sign it, or it is about another log.
            UsageError: There is no log.
            InputError: The file cannot be read.
        """
        data = read_file(root / CHECKPOINT, limit=MAX_NOTE)
        if data is None:
            raise UsageError(f"`{root}` is not a log: it has no checkpoint")
        return cls(root, open_checkpoint(data, log_key))

    @property
    def size(self) -> int:
        """How many entries the log has."""
        return self.signed.checkpoint.size

    def entries(self, start: int = 0) -> Iterator[bytes]:
        """Yield the entries from `start` on, in order; they are as good as the files are.

        Raises:
            LogError: A bundle is missing or torn.
        """
        for index in range(start // TILE_WIDTH, -(-self.size // TILE_WIDTH)):
            skipped = max(0, start - index * TILE_WIDTH)
            yield from self.bundle(index)[skipped:]

    def bundle(self, index: int) -> list[bytes]:
        """Return the entries of bundle `index`, as they are at this checkpoint.

        Raises:
            LogError: The bundle is missing or torn.
        """
        tile = tile_at(ENTRIES, index, self.size)
        return split_bundle(*self._present(tile))[: tile.width]

    def tile(self, tile: Tile) -> list[bytes]:
        """Return the hashes of a tile, from its file.

        Raises:
            LogError: The tile is missing or torn.
        """
        return split_tile(*self._present(tile))[: tile.width]

    def content(self, tile: Tile) -> bytes | None:
        """Return the file of a tile or bundle as it is, or `None` where there is none.

        Raises:
            InputError: It cannot be read, or is longer than any.
        """
        return read_file(self.root / tile.path, limit=MAX_BUNDLE)

    def find(self, entry: bytes) -> int | None:
        """Return where `entry` stands first, or `None` where it is not in the log.

        Raises:
            LogError: A tile is missing or torn.
        """
        sought = leaf_hash(entry)
        for index in range(-(-self.size // TILE_WIDTH)):
            hashes = self._hashes(0, index)
            if sought in hashes:
                return index * TILE_WIDTH + hashes.index(sought)
        return None

    def prove_inclusion(self, index: int) -> LogProof:
        """Return the proof file of the entry at `index`.

        Raises:
            LogError: The files contradict the checkpoint.
            UsageError: There is no such entry.
        """
        if not 0 <= index < self.size:
            raise UsageError(f"there is no entry {index} in a log of {self.size}")
        proof = inclusion_proof(index, self.size, self._range_root)
        leaf = self._hashes(0, index // TILE_WIDTH)[index % TILE_WIDTH]
        root = self.signed.checkpoint.root
        try:
            verify_inclusion(leaf, index, self.size, proof, root)
        except LogError as error:
            raise contradiction(error) from None
        return LogProof(index, tuple(proof), self.signed.render())

    def prove_consistency(self, old_size: int) -> list[bytes]:
        """Return the hashes that lead from the log of `old_size` entries to this one.

        Raises:
            LogError: The files contradict the checkpoint.
            UsageError: The log never had that size.
        """
        if not 0 <= old_size <= self.size:
            raise UsageError(f"there is no proof from {old_size} to {self.size} entries")
        if old_size == 0:
            return []
        proof = consistency_proof(old_size, self.size, self._range_root)
        root = self.signed.checkpoint.root
        try:
            verify_consistency(old_size, self.root_at(old_size), self.size, root, proof)
        except LogError as error:
            raise contradiction(error) from None
        return proof

    def root_at(self, size: int) -> bytes:
        """Return the root of the log when it had `size` entries.

        Raises:
            LogError: A tile is missing or torn.
        """
        return self._range_root(0, size) if size else EMPTY_ROOT

    def _range_root(self, start: int, end: int) -> bytes:
        return range_root(start, end, self._hashes)

    def _read_hashes(self, level: int, index: int) -> list[bytes]:
        return self.tile(tile_at(level, index, self.size))

    def _present(self, tile: Tile) -> tuple[bytes, Tile]:
        """Return the file of a tile, or of what it has become since, and which of the two it is."""
        # Once a tile is full, the log may remove what it was before.
        for each in dict.fromkeys((tile, tile.full)):
            data = self.content(each)
            if data is not None:
                return data, each
        raise LogError(
            Reason.CONTENT,
            f"`{tile.path}` is missing from a log of {self.size} entries",
            hint="restore the directory from a copy",
        )


def contradiction(error: LogError) -> LogError:
    """Return the error about files that do not lead to the root of their checkpoint."""
    return LogError(
        Reason.CONTENT,
        f"the files of the log contradict its checkpoint: {error.message}",
        hint="see which with `assaymark log verify`, and restore the directory from a copy",
    )
