"""Server-sent events, however the text that they stand in is cut."""

from __future__ import annotations

from itertools import combinations

import pytest

from assaymark.guard.asgi.sse import Event, EventReader

TEXT = "event: a\r\ndata: x\ndata:y\r\rid: 7\nretry: 9\ndata\n\n: hi\n\nodd: z\n\ndata: lost"
EVENTS = [
    Event(name="a", data="x\ny"),
    Event(id="7", retry="9", data=""),
    Event(),
]


def test_events_are_read() -> None:
    """All ends of lines, comments without their text, unknown keys as nothing, the unfinished end as none."""
    assert list(EventReader().feed(TEXT)) == EVENTS


def test_cuts_play_no_part() -> None:
    """Every cut at one and two places, also within CR LF."""
    for places in combinations(range(len(TEXT) + 1), 2):
        reader = EventReader()
        first, second = places
        pieces = [TEXT[:first], TEXT[first:second], TEXT[second:]]
        read = [event for piece in pieces for event in reader.feed(piece)]

        assert read == EVENTS, places


@pytest.mark.parametrize("event", [*EVENTS, Event(data="a\n\nb"), Event(data=" x", name="n")])
def test_what_is_written_is_read_again(event: Event) -> None:
    """As the same event."""
    assert list(EventReader().feed(event.written())) == [event]


def test_an_id_with_a_zero_is_none() -> None:
    """The standard says so."""
    assert list(EventReader().feed("id: a\0b\ndata: x\n\n")) == [Event(data="x")]


def test_a_line_may_come_in_any_number_of_pieces() -> None:
    """What was looked at is not looked at again: a long line in small pieces would take minutes."""
    reader = EventReader()
    text = "x" * 400_000

    early = [event for each in f"data: {text}" for event in reader.feed(each)]
    pending = reader.pending
    (event,) = reader.feed("\n\n")

    assert early == []
    assert pending == len(text) + 6
    assert event.data == text
    assert reader.pending == 0
