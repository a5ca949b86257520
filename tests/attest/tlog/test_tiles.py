"""Tiles and bundles: where they lie, what they hold, and the tree that they make."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaymark.attest.tlog.merkle import leaf_hash, root_of
from assaymark.attest.tlog.refusal import LogError, Reason
from assaymark.attest.tlog.tiles import (
    ENTRIES,
    MAX_BUNDLE,
    MAX_ENTRY,
    Frontier,
    Tile,
    pack_entries,
    parse_tile_path,
    range_root,
    right_edge,
    split_bundle,
    split_tile,
    tile_at,
)
from assaymark.errors import UsageError
from attest.tlog.logs import reason_against


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(1, 999, 17), "tile/1/999.p/17"),
        (Tile(1, 1000), "tile/1/x001/000"),
        (Tile(63, 5, 255), "tile/63/005.p/255"),
        (Tile(ENTRIES, 12, 1), "tile/entries/012.p/1"),
        (Tile(ENTRIES, (1 << 63) - 1), "tile/entries/x009/x223/x372/x036/x854/x775/807"),
    ],
)
def test_paths(tile: Tile, path: str) -> None:
    """Tiles lie where the specification says, and are found again from there."""
    assert tile.path == path
    assert parse_tile_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/0/x000/000",
        "tile/0/x001/234/067",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/300",
        "tile/0/000.p",
        "tile/0/000\n",
        "tile/0/x009/x999/x999/x999/x999/x999/999",
        "tile/entries/../000",
        "tile/0/000.draft",
        "tile/0/\u0660\u0660\u0660",
    ],
)
def test_what_is_no_path(path: str) -> None:
    """Another spelling of a path is none."""
    assert parse_tile_path(path) is None


@given(st.text(alphabet="tile/x0123456789.pn", max_size=40))
def test_any_path(path: str) -> None:
    """A path that is read is the path of what was read."""
    tile = parse_tile_path(path)

    assert tile is None or tile.path == path


@pytest.mark.parametrize(
    ("level", "index", "width"), [(-2, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)]
)
def test_what_is_no_tile(level: int, index: int, width: int) -> None:
    """Numbers out of range make no tile."""
    with pytest.raises(ValueError, match="no such tile"):
        Tile(level, index, width)


def test_the_example_of_the_specification() -> None:
    """A log of 70,000 entries, and one of 256, have the partial tiles that the specification names."""
    assert [*right_edge(70_000)] == [
        Tile(ENTRIES, 273, 112),
        Tile(0, 273, 112),
        Tile(1, 1, 17),
        Tile(2, 0, 1),
    ]
    assert [*right_edge(256)] == [Tile(1, 0, 1)]
    assert [*right_edge(0)] == []
    assert tile_at(0, 272, 70_000) == Tile(0, 272)
    with pytest.raises(ValueError, match="no such tile"):
        tile_at(0, 274, 70_000)


def grown(size: int) -> tuple[Frontier, dict[Tile, bytes]]:
    """A frontier that `size` leaves were added to, and every tile."""
    frontier = Frontier()
    tiles: dict[Tile, bytes] = {}
    for each in range(size):
        tiles.update(frontier.add(leaf_hash(b"%d" % each)))
    tiles.update(frontier.partial())
    return frontier, tiles


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 511, 512, 700])
def test_the_root_of_a_growing_tree(size: int) -> None:
    """Leaf by leaf the tree has the root that it has at once, and the partial tiles that it must."""
    frontier, tiles = grown(size)

    assert frontier.root() == root_of([leaf_hash(b"%d" % each) for each in range(size)])
    assert [tile for tile, _ in frontier.partial()] == [
        each for each in right_edge(size) if each.level != ENTRIES
    ]
    assert all(len(data) == 32 * tile.width for tile, data in tiles.items())


def test_a_tree_of_three_levels() -> None:
    """Past 65,536 leaves a third level begins, and ranges are found in the tile that holds them."""
    size = 65_536 + 700
    frontier, tiles = grown(size)
    leaves = [leaf_hash(b"%d" % each) for each in range(size)]

    def read(level: int, index: int) -> list[bytes]:
        tile = tile_at(level, index, size)
        return split_tile(tiles[tile], tile)

    assert frontier.root() == root_of(leaves)
    assert Tile(2, 0, 1) in tiles
    for start, end in [(0, size), (0, 65_536), (65_536, size), (512, 768), (65_536, 65_537)]:
        assert range_root(start, end, read) == root_of(leaves[start:end])


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
def test_bundles(entries: list[bytes]) -> None:
    """What is packed is unpacked; one byte less or more is torn."""
    tile = Tile(ENTRIES, 0, len(entries))
    data = pack_entries(entries)

    assert split_bundle(data, tile) == entries
    for torn in (data[:-1], data + b"\0", data + b"\0\0"):
        with pytest.raises(LogError) as caught:
            split_bundle(torn, tile)
        assert caught.value.reason is Reason.MALFORMED


def test_the_longest_entry() -> None:
    """An entry of 65,535 bytes fits; one byte more does not."""
    longest = bytes(MAX_ENTRY)

    assert split_bundle(pack_entries([longest]), Tile(ENTRIES, 0, 1)) == [longest]
    with pytest.raises(UsageError) as caught:
        pack_entries([longest + b"\0"])
    assert caught.value.message == "an entry has 65536 bytes; a log takes at most 65535"


@pytest.mark.parametrize(
    ("data", "width", "message"),
    [
        (b"", 1, "expected 1 whole entries in `tile/entries/000.p/1` and nothing else"),
        (b"\0", 1, "expected 1 whole entries in `tile/entries/000.p/1` and nothing else"),
        (b"\0\1", 1, "expected 1 whole entries in `tile/entries/000.p/1` and nothing else"),
        (b"\0\0", 2, "expected 2 whole entries in `tile/entries/000.p/2` and nothing else"),
        (
            bytes(MAX_BUNDLE + 1),
            256,
            "expected at most 16777472 bytes in `tile/entries/000`, got 16777473",
        ),
    ],
)
def test_what_is_no_bundle(data: bytes, width: int, message: str) -> None:
    """A bundle of another number of entries is refused."""
    with pytest.raises(LogError) as caught:
        split_bundle(data, Tile(ENTRIES, 0, width))

    assert caught.value.message == message


def test_a_torn_tile() -> None:
    """A tile of another length is refused with the place."""
    with pytest.raises(LogError) as caught:
        split_tile(bytes(63), Tile(0, 3, 2))

    assert (caught.value.reason, caught.value.message) == (
        Reason.MALFORMED,
        "expected 64 bytes in `tile/0/003.p/2`, got 63",
    )


@given(st.binary(max_size=100), st.integers(1, 256))
def test_any_bytes_as_a_bundle_or_tile(data: bytes, width: int) -> None:
    """What is read is written back unchanged; the rest is refused by us."""
    bundle, tile = Tile(ENTRIES, 0, width), Tile(0, 0, width)

    if reason_against(lambda: split_bundle(data, bundle)) is None:
        assert pack_entries(split_bundle(data, bundle)) == data
    if reason_against(lambda: split_tile(data, tile)) is None:
        assert b"".join(split_tile(data, tile)) == data
