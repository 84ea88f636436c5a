"""What the pen writes shows the same as what Textual writes, in fewer bytes."""

from __future__ import annotations

import io

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui_trainer.ui.pacing import Pen

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


def test_links_stay_links() -> None:
    pen = Pen(console("truecolor"))
    pen.write(0, 0, Strip([Segment("here", Style(link="https://example.org"))]))
    assert "\x1b]8;;https://example.org\x1b\\here\x1b]8;;\x1b\\" in pen.written
