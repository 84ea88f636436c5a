"""What the pen writes shows the same as what Textual writes, in fewer bytes."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui_trainer.ui import pacing
from tui_trainer.ui.pacing import MOMENT, Pen, written_to

WIDTH, HEIGHT = 30, 6
SYSTEMS = {"truecolor": ColorSystem.TRUECOLOR, "256": ColorSystem.EIGHT_BIT, "standard": ColorSystem.STANDARD}
COLORS = st.sampled_from([None, "#102030", "#ff8000", "red", "default"])
STYLES = st.none() | st.builds(
    Style, color=COLORS, bgcolor=COLORS, bold=st.booleans(), underline=st.booleans(), reverse=st.booleans()
)
TEXTS = st.sampled_from(["", " ", "  ", "a", "bcd", "▀", "▀▀", "log"])
SEGMENTS = st.tuples(TEXTS, STYLES).map(lambda drawn: Segment(*drawn))
PIECES = st.lists(
    st.tuples(st.integers(0, HEIGHT - 1), st.integers(0, 10), st.lists(SEGMENTS, min_size=1, max_size=5)), max_size=8
)


def console(system: str) -> Console:
    return Console(file=io.StringIO(), color_system=system, force_terminal=True)  # type: ignore[arg-type]


def cells(written: str) -> list[list[tuple[object, ...]]]:
    """The cells of a screen after ``written`` and a letter that has to be plain."""
    screen = pyte.Screen(WIDTH, HEIGHT + 1)
    stream = pyte.Stream(screen)
    stream.feed(f"{written}\x1b[{HEIGHT + 1};1Hplain")
    return [
        [
            (
                cell.data,
                cell.bg if not cell.reverse else cell.fg,
                # the colour of a blank is not seen, unless something is drawn with it
                cell.fg if cell.data != " " or cell.underscore or cell.reverse else None,
                cell.bold if cell.data != " " else None,
                cell.underscore,
                cell.reverse,
            )
            for cell in (screen.buffer[row][column] for column in range(WIDTH))
        ]
        for row in range(HEIGHT + 1)
    ]


@pytest.mark.parametrize("system", SYSTEMS)
@given(pieces=PIECES)
def test_the_screen_is_the_same(system: str, pieces: list[tuple[int, int, list[Segment]]]) -> None:
    terminal = console(system)
    pen, plainly = Pen(terminal), []
    for row, column, segments in pieces:
        strip = Strip(segments)
        pen.write(row, column, strip)
        plainly.append(f"\x1b[{row + 1};{column + 1}H{Strip(segments).render(terminal)}")
    assert cells(pen.written) == cells("".join(plainly))


def test_a_cell_beside_another_writes_only_what_differs() -> None:
    pen = Pen(console("truecolor"))
    above, below = Style(color="#010203", bgcolor="#040506"), Style(color="#010203", bgcolor="#070809")
    pen.write(0, 0, Strip([Segment("▀", above), Segment("▀", below)]))
    pen.write(0, 2, Strip([Segment("▀", below)]))
    assert pen.written == "\x1b[1;1H\x1b[38;2;1;2;3;48;2;4;5;6m▀\x1b[48;2;7;8;9m▀▀\x1b[0m"


def test_what_stands_there_already_is_not_written_again() -> None:
    terminal, strip = console("truecolor"), Strip([Segment("a row of the screen")])

    def written(*places: tuple[int, int, Strip]) -> str:
        pen = Pen(terminal)
        for place in places:
            pen.write(*place)
        return pen.written

    assert "a row" in written((0, 0, strip))
    assert written((0, 0, Strip([Segment("a row of the screen")]))) == ""
    assert "a row" in written((1, 0, strip)) and "a row" in written((0, 1, strip)), "another place"
    assert "a row" in written((0, 0, strip)), "part of it was written over"
    assert written((0, 0, strip)) == ""
    assert "X" in written((0, 4, Strip([Segment("X")]))), "one cell of it"
    assert "a row" in written((0, 0, strip))
    written_to(terminal).forget()
    assert "a row" in written((0, 0, strip)), "the terminal has another size"


def test_after_a_moment_everything_is_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, strip, now = console("truecolor"), Strip([Segment("a row of the screen")]), [0.0]
    monkeypatch.setattr(pacing, "time", SimpleNamespace(monotonic=lambda: now[0]))
    for seconds, has_text in ((0.0, True), (0.5, False), (MOMENT, True)):
        now[0] = seconds
        pen = Pen(terminal)
        pen.write(0, 0, strip)
        assert ("a row" in pen.written) == has_text


def test_links_stay_links() -> None:
    pen = Pen(console("truecolor"))
    pen.write(0, 0, Strip([Segment("here", Style(link="https://example.org"))]))
    assert "\x1b]8;;https://example.org\x1b\\here\x1b]8;;\x1b\\" in pen.written
