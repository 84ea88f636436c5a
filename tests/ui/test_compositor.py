"""Nothing is left unpainted, whoever asks where a widget is, and when."""

from __future__ import annotations

from pathlib import Path

import pytest
from systems import not_on_windows
from textual import screen
from textual._compositor import Compositor
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.geometry import Offset, Region
from textual.widget import Widget
from textual.widgets import Static
from themed_app import ThemedApp

from tui_trainer.ui.pacing import use_exact_compositor

ROWS, WIDTH, LIST_HEIGHT = 40, 20, 6


@pytest.fixture(autouse=True)
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "Compositor", Compositor)  # put back afterwards
    use_exact_compositor()


class Sized(Static):
    """Counts the events of its size."""

    sizes = 0

    def on_resize(self) -> None:
        self.sizes += 1


class Host(ThemedApp):
    CSS = f"VerticalScroll {{ height: {LIST_HEIGHT}; scrollbar-size: 0 0; }} Vertical {{ height: 3; }}"

    def compose(self) -> ComposeResult:
        yield Static("head")
        with VerticalScroll():
            for row in range(ROWS):
                yield Static(f"row {row}")
        yield Vertical()

    @property
    def compositor(self) -> Compositor:
        return self.screen._compositor


async def test_a_widget_whose_place_is_asked_for_before_its_layout_is_told_of_its_size_and_painted() -> None:
    app = Host()
    async with app.run_test(size=(WIDTH, 12)) as pilot:
        await pilot.pause()
        compositor, new = app.compositor, Sized("new")
        with app.batch_update():  # so that nothing is laid out in between
            await app.query_one(Vertical).mount(new)
            compositor.update_widgets({new})  # as when the time to paint comes between its first two messages
            assert new.region.height == 1, "where it belongs is known at once"
            compositor._dirty_regions.clear()
            result = compositor.reflow(app.screen, app.screen.size)
            assert new in result.shown and new.region in compositor._dirty_regions


async def test_it_is_told_of_its_size_by_the_screen_too() -> None:
    app = Host()
    async with app.run_test(size=(WIDTH, 12)) as pilot:
        await pilot.pause()
        new = Sized("new")
        with app.batch_update():
            await app.query_one(Vertical).mount(new)
            app.compositor.update_widgets({new})
            assert new.region.height == 1
        await pilot.pause()
        assert new.sizes == 1 and new.size.height == 1


async def test_a_list_scrolled_away_and_back_is_painted_by_the_layout_that_comes_with_it() -> None:
    app = Host()
    async with app.run_test(size=(WIDTH, 12)) as pilot:
        await pilot.pause()
        scroll, compositor = app.query_one(VerticalScroll), app.compositor
        for offset, move in ((5.0, compositor.reflow_visible), (0.0, compositor.reflow)):
            scroll.set_reactive(VerticalScroll.scroll_y, offset)
            compositor._dirty_regions.clear()
            move(app.screen, app.screen.size)
            rows = {Region(0, 1 + row, WIDTH, 1) for row in range(LIST_HEIGHT)}
            assert rows <= compositor._dirty_regions


async def test_asking_changes_nothing_that_is_painted() -> None:
    app = Host()
    async with app.run_test(size=(WIDTH, 12)) as pilot:
        await pilot.pause()
        compositor, first = app.compositor, app.query_one("VerticalScroll Static")
        before = dict(compositor.visible_widgets)
        with app.batch_update():
            await app.mount(Static("on top"), before=0)
            compositor.update_widgets({Widget()})
            assert first.region.offset == Offset(0, 2)
            assert compositor.visible_widgets == before
        await pilot.pause()
        assert compositor.visible_widgets[first][0].offset == Offset(0, 2)


async def test_what_changes_on_a_hidden_tab_has_no_place_worked_out_anew() -> None:
    app = Host()
    async with app.run_test(size=(WIDTH, 12)) as pilot:
        await pilot.pause()
        compositor, tab, hidden = app.compositor, app.query_one(Vertical), Static("one")
        await tab.mount(hidden)
        tab.display = False
        await pilot.pause()
        places = compositor.full_map
        hidden.update("another", layout=False)
        compositor.update_widgets({hidden})
        assert compositor.full_map is places
        tab.display = True
        await pilot.pause()
        assert hidden.region.size == (WIDTH, 1) and "another" in "".join(
            strip.text for strip in compositor.render_strips()
        )


@pytest.mark.slow
@not_on_windows("there are no pseudo-terminals")
def test_the_hints_of_the_runs_tab_come_at_a_thousand_paints_a_second(tmp_path: Path) -> None:
    from tests.terminals.emulated_app import EmulatedApp

    file = tmp_path / "run.toml"
    file.write_text("[[model.layers]]\nunits = 100\n[training]\nepochs = 10000000\n")
    variables = {"TEXTUAL_FPS": "1000", "NO_COLOR": "1"}
    for _ in range(8):  # of twenty without the mend, ten were blank
        app = EmulatedApp([str(file)], (120, 40), tmp_path, variables)
        try:
            app.until(lambda text: "epoch" in text, "the app")
            app.press(b" ")
            app.until(lambda text: "steps/s" in text, "training")
            app.press(b"8")
            app.until(lambda text: "enter open" in text, "the hints")
        finally:
            app.end()
