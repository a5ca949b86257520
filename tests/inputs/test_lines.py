from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from assaymark.inputs import lines
from assaymark.inputs.lines import Line, lines_of


def read(data: bytes, *, chunk: int, limit: int) -> list[Line]:
    """Split `data` with small chunks."""
    whole = lines.CHUNK
    lines.CHUNK = chunk
    try:
        return list(lines_of(io.BufferedReader(io.BytesIO(data)), limit=limit))
    finally:
        lines.CHUNK = whole


@given(
    st.lists(st.sampled_from([b"\n", b"\r", b"a", b"bcdef"]), max_size=40).map(b"".join),
    st.integers(1, 9),
    st.integers(0, 12),
)
def test_lines_are_those_between_line_feeds(data: bytes, chunk: int, limit: int) -> None:
    """Whatever the chunks; a line beyond the limit has a number and no data."""
    wanted = data.split(b"\n")
    if not wanted[-1]:
        wanted.pop()

    found = read(data, chunk=chunk, limit=limit)

    assert found == [
        Line(number, line if len(line) <= limit else None)
        for number, line in enumerate(wanted, start=1)
    ]
