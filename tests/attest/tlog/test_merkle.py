"""Hashes, roots and proofs: the public vectors, and every pair of sizes of small trees."""

from __future__ import annotations

import base64
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.attest.tlog.merkle import (
    EMPTY_ROOT,
    MAX_PROOF,
    MAX_SIZE,
    consistency_proof,
    inclusion_proof,
    join_peaks,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from assaymark.attest.tlog.refusal import LogError, Reason

LEAVES = [leaf_hash(b"%d" % each) for each in range(300)]

# The eight entries of the Certificate Transparency test tree, and the roots of its eight sizes as published.
CT_ENTRIES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def in_memory(leaves: list[bytes]) -> Callable[[int, int], bytes]:
    """The roots of ranges of a list."""
    return lambda start, end: root_of(leaves[start:end])


def holds(check: Callable[[], None]) -> bool:
    """Whether `check` refuses nothing."""
    try:
        check()
    except LogError:
        return False
    return True


def vectors(shared: Path, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """The cases of one kind, by name."""
    with tarfile.open(shared / "vectors" / "merkle" / "testdata.tar.gz") as archive:
        return [
            (each.name, json.load(archive.extractfile(each)))
            for each in archive
            if each.name.startswith(f"testdata/{kind}/") and each.name.endswith(".json")
        ]


def raw(case: dict[str, Any], key: str) -> bytes:
    """A value in base64."""
    return base64.b64decode(case[key])


def proof_of(case: dict[str, Any]) -> list[bytes]:
    """The hashes of a case."""
    return [base64.b64decode(each) for each in case["proof"] or []]


CHECKS: dict[str, tuple[int, Callable[[dict[str, Any]], None]]] = {
    "inclusion": (
        98,
        lambda case: verify_inclusion(
            raw(case, "leafHash"),
            case["leafIdx"],
            case["treeSize"],
            proof_of(case),
            raw(case, "root"),
        ),
    ),
    "consistency": (
        98,
        lambda case: verify_consistency(
            case["size1"], raw(case, "root1"), case["size2"], raw(case, "root2"), proof_of(case)
        ),
    ),
    "subtreeinclusion": (
        204,
        lambda case: verify_subtree_inclusion(
            raw(case, "leafHash"),
            case["leafIdx"],
            case["start"],
            case["end"],
            proof_of(case),
            raw(case, "root"),
        ),
    ),
    "subtreeconsistency": (
        118,
        lambda case: verify_subtree_consistency(
            case["start"],
            case["end"],
            raw(case, "root1"),
            case["size"],
            raw(case, "root2"),
            proof_of(case),
        ),
    ),
}


@pytest.mark.parametrize("kind", CHECKS)
def test_public_vectors(shared: Path, kind: str) -> None:
    """Every case of transparency-dev/merkle is accepted or refused as it demands."""
    expected, check = CHECKS[kind]
    cases = vectors(shared, kind)

    wrong = [
        name for name, case in cases if holds(lambda case=case: check(case)) is case["wantErr"]
    ]

    assert len(cases) == expected
    assert wrong == []


def test_published_roots() -> None:
    """The test tree of Certificate Transparency has its published root at every size."""
    leaves = [leaf_hash(each) for each in CT_ENTRIES]

    assert [root_of(leaves[:size]).hex() for size in range(1, 9)] == CT_ROOTS
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root_of([]) == join_peaks([]) == EMPTY_ROOT


def test_a_node_is_no_leaf() -> None:
    """Two hashes side by side hash differently as an entry and as a node."""
    left, right = LEAVES[:2]

    assert leaf_hash(left + right) != node_hash(left, right)


def test_every_leaf_of_every_small_tree() -> None:
    """Each leaf of each tree up to 70 is proved; under the root before, it is not."""
    for size in range(1, 71):
        root = root_of(LEAVES[:size])
        for index in range(size):
            proof = inclusion_proof(index, size, in_memory(LEAVES))
            assert proof == path_by_definition(index, 0, size)
            verify_inclusion(LEAVES[index], index, size, proof, root)
            assert not holds(
                lambda index=index, size=size, proof=proof: verify_inclusion(
                    LEAVES[index], index, size, proof, root_of(LEAVES[: size - 1])
                )
            )


def test_every_pair_of_small_sizes() -> None:
    """Each size is proved to be the beginning of each later one; its neighbour is not."""
    roots = [root_of(LEAVES[:size]) for size in range(71)]

    for size in range(1, 71):
        for old in range(1, size + 1):
            proof = consistency_proof(old, size, in_memory(LEAVES))
            assert proof == part_proof(0, old, size)
            verify_consistency(old, roots[old], size, roots[size], proof)
            assert not holds(
                lambda old=old, size=size, proof=proof: verify_consistency(
                    old, roots[old - 1], size, roots[size], proof
                )
            )


@given(st.integers(1, 300), st.data())
def test_larger_trees(size: int, data: st.DataObject) -> None:
    """The same for any leaf and any pair of sizes up to 300, and for no other leaf, index, size or proof."""
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    root = root_of(LEAVES[:size])
    inclusion = inclusion_proof(index, size, in_memory(LEAVES))
    consistency = consistency_proof(old, size, in_memory(LEAVES))

    verify_inclusion(LEAVES[index], index, size, inclusion, root)
    verify_consistency(old, root_of(LEAVES[:old]), size, root, consistency)

    other = data.draw(st.integers(0, 299).filter(lambda each: each != index))
    assert not holds(lambda: verify_inclusion(LEAVES[other], index, size, inclusion, root))
    assert not holds(lambda: verify_inclusion(LEAVES[index], other, size, inclusion, root))
    for proof in altered(inclusion, data):
        assert not holds(
            lambda proof=proof: verify_inclusion(LEAVES[index], index, size, proof, root)
        )
    for proof in altered(consistency, data):
        assert not holds(
            lambda proof=proof: verify_consistency(old, root_of(LEAVES[:old]), size, root, proof)
        )


def altered(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    """Proofs that are nearly `proof`."""
    changed = [[*proof, LEAVES[0]], [LEAVES[0], *proof]]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(proof[at], "big") ^ 1 << bit).to_bytes(32, "big")
        changed += [proof[:at] + proof[at + 1 :], [*proof[:at], flipped, *proof[at + 1 :]]]
    return changed


@given(st.integers(1, 200), st.data())
def test_parts_of_trees(size: int, data: st.DataObject) -> None:
    """A part that a node spans is proved to be one; with the root of its neighbour it is not."""
    height = data.draw(st.integers(0, (size - 1).bit_length()))
    start = data.draw(st.integers(0, (size - 1) >> height)) << height
    smallest = start + (1 << height >> 1) + 1 if height else start + 1
    end = data.draw(st.integers(min(smallest, size), min(size, start + (1 << height))))
    proof = part_proof(start, end, size)
    root = root_of(LEAVES[:size])

    verify_subtree_consistency(start, end, root_of(LEAVES[start:end]), size, root, proof)
    for proof_of_another in altered(proof, data):
        assert not holds(
            lambda proof=proof_of_another: verify_subtree_consistency(
                start, end, root_of(LEAVES[start:end]), size, root, proof
            )
        )


def part_proof(start: int, end: int, size: int) -> list[bytes]:
    """The proof by the recursive definition: siblings on the way down to the part, then its end."""

    def descend(low: int, high: int, *, known: bool = True) -> list[bytes]:
        if low >= start and high <= end:
            return [] if known else [root_of(LEAVES[low:high])]
        middle = split(low, high)
        left, right = root_of(LEAVES[low:middle]), root_of(LEAVES[middle:high])
        if end <= middle:
            return [*descend(low, middle, known=known), right]
        # Where the part begins on the left, what it has on the right is not known by itself.
        return [*descend(middle, high, known=known and start >= middle), left]

    return descend(0, size)


def split(low: int, high: int) -> int:
    """Where a tree over these leaves is cut in two."""
    return low + (1 << (high - low - 1).bit_length() - 1)


def path_by_definition(index: int, low: int, high: int) -> list[bytes]:
    """`PATH` of RFC 6962, section 2.1.1."""
    if high - low == 1:
        return []
    middle = split(low, high)
    if index < middle:
        return [*path_by_definition(index, low, middle), root_of(LEAVES[middle:high])]
    return [*path_by_definition(index, middle, high), root_of(LEAVES[low:middle])]


@given(
    st.integers(-1, 1 << 64),
    st.integers(-1, 1 << 64),
    st.integers(-1, 1 << 64),
    st.lists(st.binary(min_size=31, max_size=33), max_size=70),
    st.binary(max_size=33),
)
def test_any_numbers_and_hashes(
    first: int, second: int, third: int, proof: list[bytes], some: bytes
) -> None:
    """Whatever the numbers and hashes are, the answer is a refusal of ours, and soon."""
    assert not holds(lambda: verify_inclusion(some, first, second, proof, LEAVES[0]))
    holds(lambda: verify_consistency(first, some, second, some, proof))
    holds(lambda: verify_subtree_inclusion(some, first, second, third, proof, some))
    holds(lambda: verify_subtree_consistency(first, second, some, third, some, proof))


@pytest.mark.parametrize(
    ("check", "reason", "message"),
    [
        (
            lambda: verify_inclusion(LEAVES[0], 3, 3, [], LEAVES[0]),
            Reason.INCLUSION,
            "there is no entry 3 in a log of 3",
        ),
        (
            lambda: verify_inclusion(LEAVES[0], 0, MAX_SIZE + 1, [], LEAVES[0]),
            Reason.INCLUSION,
            f"there is no entry 0 in a log of {MAX_SIZE + 1}",
        ),
        (
            lambda: verify_inclusion(LEAVES[0], 0, MAX_SIZE, LEAVES[: MAX_PROOF + 1], LEAVES[0]),
            Reason.INCLUSION,
            "expected at most 63 hashes in a proof, got 64",
        ),
        (
            lambda: verify_inclusion(LEAVES[0], 0, 2, [b"short"], LEAVES[0]),
            Reason.INCLUSION,
            "expected hashes of 32 bytes",
        ),
        (
            lambda: verify_inclusion(LEAVES[0], 0, 2, [], LEAVES[0]),
            Reason.INCLUSION,
            "a proof of 0 hashes does not fit these sizes",
        ),
        (
            lambda: verify_inclusion(LEAVES[0], 0, 2, [LEAVES[2]], root_of(LEAVES[:2])),
            Reason.INCLUSION,
            "the proof does not lead from the entry at 0 to the root",
        ),
        (
            lambda: verify_consistency(0, EMPTY_ROOT, 2, LEAVES[0], []),
            Reason.CONSISTENCY,
            "nothing can be proved from a log of 0",
        ),
        (
            lambda: verify_consistency(3, LEAVES[0], 2, LEAVES[0], []),
            Reason.CONSISTENCY,
            "there are no entries 0 to 3 in a log of 2",
        ),
        (
            lambda: verify_consistency(1, LEAVES[0], 2, LEAVES[0], [LEAVES[1]]),
            Reason.CONSISTENCY,
            "the log of 2 does not continue what it was at 1",
        ),
        (
            lambda: verify_consistency(3, LEAVES[0], 5, LEAVES[0], []),
            Reason.CONSISTENCY,
            "a proof of 0 hashes does not fit these sizes",
        ),
        (
            lambda: verify_subtree_consistency(1, 3, LEAVES[0], 5, LEAVES[0], []),
            Reason.CONSISTENCY,
            "entries 1 to 3 are no part of a tree",
        ),
        (
            lambda: verify_subtree_consistency(2, 2, LEAVES[0], 5, LEAVES[0], []),
            Reason.CONSISTENCY,
            "an empty part has an empty proof and the root of nothing",
        ),
    ],
)
def test_refusals_say_why(check: Callable[[], None], reason: Reason, message: str) -> None:
    """What does not fit is refused with its reason."""
    with pytest.raises(LogError) as caught:
        check()

    assert (caught.value.reason, caught.value.message) == (reason, message)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    """A leaf outside the tree has no proof."""
    with pytest.raises(ValueError, match=f"no leaf {index} in a tree of {size}"):
        inclusion_proof(index, size, in_memory(LEAVES))


@pytest.mark.parametrize(("old", "size"), [(0, 3), (4, 3)])
def test_no_proof_from_what_never_was(old: int, size: int) -> None:
    """An empty or larger tree is the beginning of none that could be proved."""
    with pytest.raises(ValueError, match=f"no proof from {old} to {size} leaves"):
        consistency_proof(old, size, in_memory(LEAVES))
