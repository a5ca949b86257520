"""
The Merkle tree of RFC 6962: hashes, roots, and proofs of inclusion and consistency.

* Leaves and nodes are hashed apart (0x00 and 0x01 in front), so that no node passes for an entry.
* A proof is a list of hashes of ranges of leaves. Which ranges follows from the sizes alone, so one
  function serves a list in memory and tiles on disk.
* A verifier takes sizes and hashes from strangers: every number is bounded and every proof has one length.

Sources: RFC 6962, section 2.1; RFC 9162, section 2.1.3 and 2.1.4 (verification); for parts of a tree,
draft-ietf-plants-merkle-tree-certs, section 4.
tests/attest/tlog/test_merkle.py runs the vectors of transparency-dev/merkle and every pair of small sizes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from assaymark.attest.tlog.refusal import LogError, Reason

HASH_SIZE = 32  # bytes
MAX_PROOF = 63  # hashes; enough for the largest tree
MAX_SIZE = (1 << 63) - 1  # leaves; what a signed 64-bit number holds

EMPTY_ROOT = hashlib.sha256(b"").digest()

RangeHash: TypeAlias = Callable[[int, int], bytes]
"""From the first leaf and the one past the last to the root of the tree over them."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees side by side."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over `hashes`, which are those of leaves or of subtrees of one size."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        pairs = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        # The odd one out at the right edge moves up as it is.
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def join_peaks(peaks: Sequence[bytes]) -> bytes:
    """Return the root over complete subtrees that stand side by side, each smaller than the one before."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def inclusion_proof(index: int, size: int, range_hash: RangeHash) -> list[bytes]:
    """Prove that leaf `index` is in the tree over the first `size` leaves.

    Raises:
        ValueError: There is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    ranges = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return [range_hash(*each) for each in reversed(ranges)]


def consistency_proof(old_size: int, size: int, range_hash: RangeHash) -> list[bytes]:
    """Prove that the tree over `old_size` leaves is the beginning of the tree over `size` leaves.

    Raises:
        ValueError: The old tree is empty, or larger than the new one.
    """
    if not 1 <= old_size <= size:
        raise ValueError(f"no proof from {old_size} to {size} leaves")
    ranges = []
    start, end = 0, size
    while old_size < end:
        middle = start + _split(end - start)
        if old_size <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    # At the left edge this range is the old tree, whose root the verifier has.
    if start > 0:
        ranges.append((start, end))
    return [range_hash(*each) for each in reversed(ranges)]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Demand that the leaf hash `leaf` is at `index` in the tree of `size` leaves under `root`.

    Raises:
        LogError: It is not, or the proof is not one.
    """
    reason = Reason.INCLUSION
    if not 0 <= index < size <= MAX_SIZE:
        raise LogError(reason, f"there is no entry {index} in a log of {size}")
    _demand_hashes(reason, [leaf])
    _demand_hashes(reason, proof)
    found = leaf
    for sibling, is_left, _ in _climb(reason, index, index, size - 1, proof):
        found = node_hash(sibling, found) if is_left else node_hash(found, sibling)
    if found != root:
        raise LogError(reason, f"the proof does not lead from the entry at {index} to the root")


def verify_consistency(
    old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Demand that the tree under `old_root` is the beginning of the tree under `root`.

    Raises:
        LogError: It is not, or the proof is not one. The empty tree is the beginning of every tree and
            proves nothing, so an `old_size` of 0 is refused: whoever has seen nothing needs no proof.
    """
    if old_size < 1:
        raise LogError(Reason.CONSISTENCY, f"nothing can be proved from a log of {old_size}")
    verify_subtree_consistency(0, old_size, old_root, size, root, proof)


def verify_subtree_inclusion(
    leaf: bytes, index: int, start: int, end: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Demand that the leaf hash `leaf` is at `index` in the part [`start`, `end`) whose root is `root`.

    Raises:
        LogError: It is not, the proof is not one, or no tree has such a part.
    """
    _demand_subtree(Reason.INCLUSION, start, end)
    verify_inclusion(leaf, index - start, end - start, proof, root)


def verify_subtree_consistency(
    start: int, end: int, part_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Demand that `part_root` is the root over the leaves [`start`, `end`) of the tree under `root`.

    The beginning of a tree is the case where `start` is 0.

    Raises:
        LogError: It is not, the proof is not one, or no tree has such a part.
    """
    reason = Reason.CONSISTENCY
    if not 0 <= start <= end <= size <= MAX_SIZE:
        raise LogError(reason, f"there are no entries {start} to {end} in a log of {size}")
    _demand_subtree(reason, start, end)
    _demand_hashes(reason, proof)
    if start == end:
        if proof or part_root != EMPTY_ROOT:
            raise LogError(reason, "an empty part has an empty proof and the root of nothing")
        return
    # Below the point where the part is complete, the proof holds nothing.
    first, position, last = start, end - 1, size - 1
    while first != position and (position & 1 or position == last):
        first, position, last = first >> 1, position >> 1, last >> 1
    rest = list(proof)
    if first == position:
        found = found_part = part_root
    elif rest:
        found = found_part = rest.pop(0)
    else:
        raise _wrong_length(reason, proof)
    for sibling, is_left, is_inside in _climb(reason, first, position, last, rest):
        if is_left and is_inside:
            found_part = node_hash(sibling, found_part)
        found = node_hash(sibling, found) if is_left else node_hash(found, sibling)
    if found_part != part_root or found != root:
        raise LogError(reason, f"the log of {size} does not continue what it was at {end}")


def _climb(
    reason: Reason, first: int, position: int, last: int, proof: Sequence[bytes]
) -> Iterator[tuple[bytes, bool, bool]]:
    """Walk three nodes of one level to the root in step, using up the proof on the way.

    Args:
        reason: What to refuse a proof of the wrong length with.
        first: The node over the first leaf of a part.
        position: The node over its last leaf, whose siblings the proof holds.
        last: The node over the last leaf of the tree.
        proof: The siblings, from below.

    Yields:
        The sibling, whether it stands on the left, and whether the part reaches into it.
    """
    for sibling in proof:
        if last == 0:
            raise _wrong_length(reason, proof)
        is_left = bool(position & 1) or position == last
        yield sibling, is_left, first < position
        # The right edge skips levels on which its node has no sibling.
        while is_left and position and not position & 1:
            first, position, last = first >> 1, position >> 1, last >> 1
        first, position, last = first >> 1, position >> 1, last >> 1
    if last != 0:
        raise _wrong_length(reason, proof)


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _demand_subtree(reason: Reason, start: int, end: int) -> None:
    """Refuse ranges that no node of any tree spans."""
    if not 0 <= start <= end or start & ((1 << max(end - start - 1, 0).bit_length()) - 1):
        raise LogError(reason, f"entries {start} to {end} are no part of a tree")


def _demand_hashes(reason: Reason, proof: Sequence[bytes]) -> None:
    if len(proof) > MAX_PROOF:
        raise LogError(reason, f"expected at most {MAX_PROOF} hashes in a proof, got {len(proof)}")
    if any(len(each) != HASH_SIZE for each in proof):
        raise LogError(reason, f"expected hashes of {HASH_SIZE} bytes")


def _wrong_length(reason: Reason, proof: Sequence[bytes]) -> LogError:
    return LogError(reason, f"a proof of {len(proof)} hashes does not fit these sizes")
