"""The kill switch: a file that is there is on."""

from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.guard.life.switch import KillSwitch, Mode


class Scene:
    """A switch whose clock and file the test moves."""

    def __init__(self, path: Path, *, allows_pass: bool) -> None:
        self.seconds = 0.0
        self.told: list[Mode | None] = []
        self.switch = KillSwitch(path, allows_pass=allows_pass, clock=lambda: self.seconds)
        self.switch.listen(self.told.append)

    def mode(self) -> Mode | None:
        """What holds a second later."""
        self.seconds += 1.0
        return self.switch.mode()


@pytest.mark.parametrize(
    ("text", "allows_pass", "expected"),
    [
        ("block", True, Mode.BLOCK),
        ("block\n", False, Mode.BLOCK),
        ("", True, Mode.BLOCK),
        ("pass", True, Mode.PASS),
        ("pass\n", True, Mode.PASS),
        ("pass", False, Mode.BLOCK),
        ("PASS", True, Mode.BLOCK),
        ("x" * 100, True, Mode.BLOCK),
    ],
)
def test_what_a_file_does(tmp_path: Path, text: str, expected: Mode, *, allows_pass: bool) -> None:
    """Only the one word lets requests pass, and only where that was allowed; anything else stops them."""
    path = tmp_path / "stop"
    scene = Scene(path, allows_pass=allows_pass)
    before = scene.mode()
    path.write_text(text)
    on = scene.mode()
    path.unlink()
    after = scene.mode()

    assert (before, on, after) == (None, expected, None)
    assert scene.told == [expected, None]


def test_what_cannot_be_read_stops(tmp_path: Path) -> None:
    """A folder in the place of the file is a switch that is on."""
    (tmp_path / "stop").mkdir()

    assert Scene(tmp_path / "stop", allows_pass=True).mode() is Mode.BLOCK


def test_an_answer_is_believed_for_a_moment(tmp_path: Path) -> None:
    """The file is looked at a few times a second, not for every request."""
    scene = Scene(tmp_path / "stop", allows_pass=False)
    scene.mode()
    (tmp_path / "stop").write_text("")
    at_once = scene.switch.mode()
    scene.seconds += 0.25
    soon = scene.switch.mode()

    assert (at_once, soon) == (None, Mode.BLOCK)


def test_by_hand_and_by_file(tmp_path: Path) -> None:
    """Two may turn it on, and the one that stops wins; each change is told once."""
    path = tmp_path / "stop"
    scene = Scene(path, allows_pass=True)
    scene.switch.turn(Mode.PASS)
    first = scene.mode()
    path.write_text("block")
    second = scene.mode()
    scene.switch.turn(None)
    third = scene.mode()
    path.unlink()
    fourth = scene.mode()

    assert (first, second, third, fourth) == (Mode.PASS, Mode.BLOCK, Mode.BLOCK, None)
    assert scene.told == [Mode.PASS, Mode.BLOCK, None]


def test_passing_has_to_be_allowed() -> None:
    """A call cannot let everything pass where the server was not started so."""
    switch = KillSwitch()
    switch.turn(Mode.PASS)

    assert switch.mode() is Mode.BLOCK
