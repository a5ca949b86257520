"""`assaymark.canonical` against the public vectors of RFC 8785 and of JSON parsing."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.canonical import MAX_DEPTH, canonical_bytes, parse_strict
from assaymark.errors import EvidenceError


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_rfc_8785(name: str, shared: Path) -> None:
    """Every published pair: the input is written as the output, byte for byte."""
    folder = shared / "vectors" / "jcs"
    given_text = (folder / "input" / f"{name}.json").read_bytes()
    expected = bytes.fromhex((folder / "outhex" / f"{name}.txt").read_text())

    assert canonical_bytes(parse_strict(given_text)) == expected


def test_json_test_suite(shared: Path) -> None:
    """What must parse parses, what must not is refused, and nothing else ever happens.

    Where the suite leaves the choice, and for duplicate keys, which it wants accepted, we refuse.
    """
    accepted, refused = set(), set()
    archive = shared / "vectors" / "json_test_suite" / "test_parsing.tar.gz"
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            file = tar.extractfile(member) if member.isfile() else None
            if file is None or not member.name.endswith(".json"):
                continue
            name = Path(member.name).name
            try:
                parse_strict(file.read())
                accepted.add(name)
            except EvidenceError:
                refused.add(name)

    assert {name for name in accepted if name.startswith("n_")} == set()
    assert {name for name in refused if name.startswith("y_")} == {
        "y_object_duplicated_key.json",
        "y_object_duplicated_key_and_value.json",
    }
    # A number too small for a double is zero in every reader, and 10^20 is a number in every reader.
    assert {name for name in accepted if name.startswith("i_")} == {
        "i_number_double_huge_neg_exp.json",
        "i_number_real_underflow.json",
        "i_number_too_big_neg_int.json",
        "i_number_too_big_pos_int.json",
        "i_number_very_big_negative_int.json",
    }
    assert len(accepted) + len(refused) == 318


@pytest.mark.parametrize("opening", ['{"a":', "[", '{"a]":[{"b\\"":'])
def test_nesting_is_counted_outside_strings(opening: str) -> None:
    """Depth is refused before the parser recurses, whatever stands between the brackets."""
    with pytest.raises(EvidenceError, match=f"nested deeper than {MAX_DEPTH} levels"):
        parse_strict((opening * 100_000).encode())


@given(st.lists(st.text(alphabet='[]{}"\\a', max_size=12), max_size=40))
def test_brackets_in_strings_are_text(texts: list[str]) -> None:
    """A flat list parses, however many brackets and quotes its texts hold."""
    assert parse_strict(canonical_bytes(texts)) == texts


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" + "0" * 400, "9" * 5000])
def test_numbers_beyond_doubles_are_refused(number: str) -> None:
    """What some readers see as infinity is no number."""
    with pytest.raises(EvidenceError):
        parse_strict(number.encode())


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-(2**53) + 1, 2**53 - 1)
    | st.floats(min_value=1e21, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_VALUES)
def test_writing_is_a_normal_form(value: object) -> None:
    """What is written is read, and writing it again changes nothing.

    Left out: whole doubles from 2^53 to 10^21, which RFC 8785 writes without an exponent, so that they
    read back as integers that it then refuses.
    """
    once = canonical_bytes(value)

    assert canonical_bytes(parse_strict(once)) == once
