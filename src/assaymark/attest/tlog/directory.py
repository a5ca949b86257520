"""
The one writer of a log.

* One process at a time holds the lock; the others wait or are refused.
* Entries reach the disk first, then tiles, then the checkpoint, which is renamed into place. A crash leaves
  the log as it was, or as it was to be; what lies between is cleared away when the next writer comes.
* Nothing is added to a log whose files contradict its checkpoint. Tiles alone can be made anew from the
  entries, and are; an entry cannot.

tests/attest/tlog/test_directory.py; tests/attest/tlog/test_crash.py kills the writer at every step.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from assaymark.attest.keys import Signer
from assaymark.attest.tlog.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    sign_checkpoint,
    unsigned_origin,
)
from assaymark.attest.tlog.cosigning import LOCK, cosigned
from assaymark.attest.tlog.durable import (
    DRAFT,
    DurableFolder,
    OnStep,
    flush_folder,
    ignore_step,
    lock,
    read_file,
)
from assaymark.attest.tlog.heads import HeadStore, demand_progress
from assaymark.attest.tlog.merkle import EMPTY_ROOT, leaf_hash
from assaymark.attest.tlog.note import MAX_NOTE, KeyType, NoteKey
from assaymark.attest.tlog.reader import CHECKPOINT, LogReader
from assaymark.attest.tlog.recovery import Edge, demand_entries, read_edge, rebuild_tiles, sweep
from assaymark.attest.tlog.refusal import LogError, Reason, shown
from assaymark.attest.tlog.tiles import (
    ENTRIES,
    TILE_WIDTH,
    Frontier,
    Tile,
    pack_entries,
    right_edge,
    tile_at,
)
from assaymark.attest.tlog.verify import is_published
from assaymark.errors import InputError, UsageError

VKEY = "vkey"


class LogDirectory:
    """A log opened for writing. Made by `open`, good until the end of its `with`."""

    def __init__(self, root: Path, key: NoteKey, signer: Signer, on_step: OnStep) -> None:
        self._root = root
        self._key = key
        self._signer = signer
        self._folder = DurableFolder(root, on_step)
        self._heads: HeadStore | None = None
        self._reader = LogReader.open(root, key)
        self._edge = Edge(Frontier(), ())
        self._is_dirty = True
        self._load()

    @classmethod
    def create(
        cls, root: Path, origin: str, signer: Signer, *, on_step: OnStep = ignore_step
    ) -> NoteKey:
        """Make an empty log at `root` and return the key that its readers need.

        Args:
            root: A directory that is empty or does not exist, in one that does.
            origin: What the log is called for ever, such as `example.com/audit-log`.
            signer: Its Ed25519 key.
            on_step: Called before each change; for tests.

        Raises:
            UsageError: There is something at `root`, or the origin cannot name a log.
            KeyFileError: The key is not Ed25519.
            InputError: The system does not let us write.
        """
        key = NoteKey.of(origin, KeyType.ED25519, signer.public_key)
        try:
            root.mkdir(exist_ok=True)
            flush_folder(root.parent)
        except OSError as error:
            raise InputError(
                f"cannot make `{root}`: {(error.strerror or 'unknown').lower()}"
            ) from None
        with lock(root / LOCK, timeout=0):
            # What a creation leaves that was interrupted may be written again.
            ours = {LOCK, VKEY, VKEY + DRAFT, CHECKPOINT + DRAFT}
            if strange := sorted({each.name for each in root.iterdir()} - ours):
                raise UsageError(
                    f"`{root}` is not empty: it holds {shown(strange[0])}",
                    hint="choose another directory; a log is never written over",
                )
            folder = DurableFolder(root, on_step)
            folder.put(VKEY, f"{key.vkey}\n".encode())
            folder.settle()
            signed = sign_checkpoint(Checkpoint(origin, 0, EMPTY_ROOT), signer)
            folder.put(CHECKPOINT, signed.render())
            folder.settle()
        return key

    @classmethod
    @contextmanager
    def open(
        cls,
        root: Path,
        signer: Signer,
        *,
        heads: HeadStore | None = None,
        timeout: float = 10.0,
        on_step: OnStep = ignore_step,
    ) -> Iterator[LogDirectory]:
        """Open the log at `root` to add to it, and clear away what an interrupted append left.

        Args:
            root: The directory.
            signer: The key of the log.
            heads: The writer's own memory. With it, a directory that was set back is refused before
                anything is signed that contradicts what was published.
            timeout: Seconds to wait for another writer; 0 to be refused at once.
            on_step: Called before each change; for tests.

        Raises:
            UsageError: There is no log.
            LogBusyError: Another process writes for longer than `timeout`.
            LogError: The checkpoint is not of this key, the files contradict it, or the log was set back.
            InputError: The system does not let us read or write.
        """
        key = _key_of(root, signer)
        with lock(root / LOCK, timeout=timeout):
            log = cls(root, key, signer, on_step)
            _demand_progress(log._reader, heads)
            log._heads = heads
            sweep(root, log._reader.size, log._folder)
            yield log

    @staticmethod
    def inspect(root: Path, signer: Signer, *, heads: HeadStore | None = None) -> int:
        """Demand what `open` demands, write nothing and wait for nobody; return how many entries there are.

        Raises:
            UsageError: There is no log.
            LogError: As `open` does; tiles that could be made anew are no mistake.
            InputError: The system does not let us read or write.
        """
        reader = LogReader.open(root, _key_of(root, signer))
        try:
            read_edge(reader)
        except LogError as error:
            demand_entries(reader, error)
        _demand_progress(reader, heads)
        if not os.access(root, os.W_OK):
            raise InputError(f"cannot write to the log `{root}`: permission denied")
        return reader.size

    @property
    def key(self) -> NoteKey:
        """The key that readers need."""
        return self._key

    @property
    def checkpoint(self) -> SignedCheckpoint:
        """The last one that was published."""
        return self._reader.signed

    def append(self, entries: Sequence[bytes]) -> range:
        """Add `entries` and publish a checkpoint over them: all of them, or none.

        Returns:
            Their indices. On return they outlive a crash.

        Raises:
            UsageError: An entry is longer than 65,535 bytes.
            InputError: The system does not let us write. The log is as it was.
        """
        if self._is_dirty:
            self._load()
            sweep(self._root, self._reader.size, self._folder)
        old_size = self._edge.frontier.size
        since_full = (*self._edge.tail, *entries)
        bundles = [*_bundles(since_full, old_size)]
        if not entries:
            return range(old_size, old_size)
        frontier = copy.deepcopy(self._edge.frontier)
        self._is_dirty = True
        for tile, data in bundles:
            self._folder.put(tile.path, data)
        self._folder.settle()
        for entry in entries:
            for tile, data in frontier.add(leaf_hash(entry)):
                self._folder.put(tile.path, data)
        written = set(right_edge(old_size))
        for tile, data in frontier.partial():
            if tile not in written:
                self._folder.put(tile.path, data)
        self._folder.settle()
        head = Checkpoint(self._key.name, frontier.size, frontier.root())
        signed = sign_checkpoint(head, self._signer)
        self._publish(signed)
        self._edge = Edge(frontier, since_full[len(since_full) - frontier.size % TILE_WIDTH :])
        self._prune(old_size)
        if self._heads is not None:
            self._heads.advance(signed, self._reader.prove_consistency)
        self._is_dirty = False
        return range(old_size, frontier.size)

    def add_cosignatures(self, answer: bytes, witnesses: Sequence[NoteKey]) -> None:
        """Put the signature lines that a witness answered with under the checkpoint.

        Raises:
            LogError: A line is not of one of `witnesses`, or does not hold over the last checkpoint.
            InputError: The system does not let us write.
        """
        self._publish(cosigned(self._reader.signed, answer, witnesses))

    def _publish(self, signed: SignedCheckpoint) -> None:
        self._folder.put(CHECKPOINT, signed.render())
        self._folder.settle()
        self._reader = LogReader(self._root, signed)

    def rebuild(self) -> None:
        """Write anew whatever tile is missing, torn or wrong, where the entries hold.

        Raises:
            LogError: The entries do not lead to the root of the checkpoint; nothing was written.
            InputError: The system does not let us write.
        """
        rebuild_tiles(
            self._reader,
            self._folder,
            LogError(Reason.CONTENT, "the entries do not lead to the root"),
        )
        self._load()

    def _load(self) -> None:
        self._reader = LogReader.open(self._root, self._key)
        try:
            self._edge = read_edge(self._reader)
        except LogError as error:
            rebuild_tiles(self._reader, self._folder, error)
            self._reader = LogReader.open(self._root, self._key)
            self._edge = read_edge(self._reader)
        self._is_dirty = False

    def _prune(self, old_size: int) -> None:
        """Remove what the tiles were before they became full, now that the checkpoint covers them."""
        for tile in right_edge(old_size):
            if is_published(tile, self._edge.frontier.size):
                continue
            folder = (self._root / tile.path).parent
            for path in sorted(folder.iterdir()):
                self._folder.remove(path.relative_to(self._root).as_posix())
            self._folder.remove(folder.relative_to(self._root).as_posix())
        self._folder.settle()


def _key_of(root: Path, signer: Signer) -> NoteKey:
    data = read_file(root / CHECKPOINT, limit=MAX_NOTE)
    if data is None:
        raise UsageError(
            f"`{root}` is not a log: it has no checkpoint",
            hint="name the directory that holds the file `checkpoint`",
        )
    return NoteKey.of(unsigned_origin(data), KeyType.ED25519, signer.public_key)


def _demand_progress(reader: LogReader, heads: HeadStore | None) -> None:
    head = reader.signed.checkpoint
    if heads is not None and (seen := heads.last(head.origin)) is not None:
        demand_progress(seen, head, reader.prove_consistency, kept_in=heads.path)


def _bundles(entries: Sequence[bytes], old_size: int) -> Iterator[tuple[Tile, bytes]]:
    """Cut the entries from the last full bundle on into bundles."""
    first = old_size // TILE_WIDTH
    size = first * TILE_WIDTH + len(entries)
    for at in range(0, len(entries), TILE_WIDTH):
        tile = tile_at(ENTRIES, first + at // TILE_WIDTH, size)
        yield tile, pack_entries(entries[at : at + TILE_WIDTH])
