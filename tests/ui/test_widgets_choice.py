"""A choice: opened by keys and by mouse, searched by typing, and silent about what the user did not do."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tui_trainer.ui.dropdown import Dropdown, DropdownList

NAMES = ("adagrad", "adam", "rmsprop", "sgd", "[b]bold[/b] [oops", "x" * 80)


class Host(App[None]):
    """One choice between two text boxes, and what it told."""

    AUTO_FOCUS = ""
    CSS = "Dropdown { width: 20; } Input { border: none; height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str | None] = []

    def compose(self) -> ComposeResult:
        yield Input(id="before")
        yield Dropdown([("auto", None), *((name, name) for name in NAMES)])
        yield Input(id="after")

    @on(Dropdown.Changed)
    def _keep(self, event: Dropdown.Changed) -> None:
        assert event.control is self.choice
        self.told.append(event.value)

    @property
    def choice(self) -> Dropdown:
        """The choice."""
        return self.query_one(Dropdown)

    @property
    def highlighted(self) -> str | None:
        """The option that the open list is at."""
        opened = self.query_one(DropdownList)
        return None if opened.highlighted is None else str(opened.options[opened.highlighted].prompt)

    def row(self, y: int) -> str:
        """A row of the screen."""
        return self.screen._compositor.render_strips()[y].text


async def opened(pilot: Pilot[None], *keys: str) -> Host:
    """The app with its list open, after ``keys``."""
    app = pilot.app
    assert isinstance(app, Host)
    app.choice.focus()
    await pilot.press("enter", *keys)
    assert app.choice.expanded and isinstance(app.focused, DropdownList)
    return app


@pytest.mark.parametrize("key", ["enter", "down"])
async def test_opened_by_a_key_and_chosen_from(key: str) -> None:
    app = Host()
    async with app.run_test() as pilot:
        app.choice.focus()
        await pilot.press(key)
        assert app.highlighted == "auto", "it opens at the value"
        assert len(app.query(DropdownList)) == 1 and app.row(2).startswith("auto"), "the list is right below"
        await pilot.press("down", "down", "enter")
        assert app.told == ["adam"] == [app.choice.value]
        assert app.focused is app.choice and not app.query(DropdownList), "no list is left behind"
        assert app.row(1).startswith("adam ") and app.row(1)[19] == "▼"
        await pilot.press(key)
        assert app.highlighted == "adam"
        await pilot.press("end", "up", "home", "down", "enter")
        assert app.told == ["adam", "adagrad"]


async def test_nothing_is_told_where_nothing_changed() -> None:
    app = Host()
    async with app.run_test() as pilot:
        await opened(pilot)
        await pilot.press("enter")
        app.choice.value = "sgd"
        app.choice.offer([("auto", None), ("sgd", "sgd")])
        await pilot.pause()
        assert app.told == [] and app.row(1).startswith("sgd ")
        await opened(pilot)
        assert app.highlighted == "sgd"
        await pilot.press("enter")
        assert app.told == []
        await pilot.press("enter", "home", "enter")
        assert app.told == [None], "auto is a value too"


async def test_escape_and_leaving_choose_nothing() -> None:
    app = Host()
    async with app.run_test() as pilot:
        await opened(pilot, "down", "down")
        await pilot.press("escape")
        assert app.focused is app.choice and not app.choice.expanded
        await opened(pilot, "down")
        await pilot.press("tab")
        await pilot.pause()
        assert app.focused is not None and app.focused.id == "after"
        assert not app.choice.expanded and not app.query(DropdownList)
        await opened(pilot)
        app.choice.offer([("other", "other")])
        await pilot.pause()
        assert not app.query(DropdownList) and app.focused is app.choice, "a list of what was offered before"
        assert app.told == []


async def test_letters_search_and_go_round() -> None:
    app = Host()
    async with app.run_test() as pilot:
        await opened(pilot, "a")
        assert app.highlighted == "adagrad", "the next one that starts so"
        await pilot.press("d", "a", "m")
        assert app.highlighted == "adam"
        await pilot.press("a")
        assert app.highlighted == "auto", "a letter that leads nowhere starts another search, and it goes round"
        await pilot.press("up", "B", "o")
        assert app.highlighted == "[b]bold[/b] [oops", "held where none starts so; capitals do not matter"
        await pilot.press("home", "z")
        assert app.highlighted == "auto", "nothing holds it"
        await pilot.press("s", "enter")
        assert app.told == ["sgd"]


async def test_a_pause_starts_another_search(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Host()
    async with app.run_test() as pilot:
        monkeypatch.setattr("tui_trainer.ui.dropdown.SEARCH_TIMEOUT", -1.0)
        await opened(pilot, "a", "d")
        assert app.highlighted == "adam", "the next with a d; ad would have stayed at adagrad"


async def test_the_mouse_opens_chooses_and_closes() -> None:
    app = Host()
    async with app.run_test() as pilot:
        await pilot.click(Dropdown)
        assert app.choice.expanded
        await pilot.click(DropdownList, offset=(3, 4))
        assert app.told == ["sgd"] and not app.choice.expanded
        await pilot.click(Dropdown)
        await pilot.click(Dropdown)
        assert not app.choice.expanded, "a second click closes it"
        await pilot.click(Dropdown)
        assert app.choice.expanded
        await pilot.click("#before")
        await pilot.pause()
        assert not app.choice.expanded and app.focused is app.query_one("#before")
        assert app.told == ["sgd"]


async def test_left_and_right_step_to_the_ends() -> None:
    app = Host()
    async with app.run_test() as pilot:
        app.choice.focus()
        await pilot.press("left", "right", "right", "left")
        assert app.told == ["adagrad", "adam", "adagrad"], "before the first there is nothing"
        app.choice.value = "unheard of"
        await pilot.pause()
        assert app.row(1).startswith("unheard of")
        await pilot.press("right")
        assert app.told[3:] == [None], "from a value that is not offered to the first that is"


async def test_texts_are_data_and_are_cut_where_they_do_not_fit() -> None:
    app = Host()
    async with app.run_test() as pilot:
        app.choice.value = NAMES[-1]
        await pilot.pause()
        assert app.row(1).rstrip() == "x" * 17 + "… ▼"
        app.choice.value = NAMES[-2]
        await pilot.pause()
        assert app.row(1).rstrip() == "[b]bold[/b] [oops  ▼"
        await opened(pilot)
        assert app.row(7).startswith(NAMES[-2]) and app.row(8).startswith("x" * 50)
        await pilot.press("escape")
        app.choice.offer([("\x1b[31m漢字漢字漢字漢字", "wide")])
        app.choice.value = "wide"
        await pilot.pause()
        assert app.row(1).startswith("�[31m漢字漢字漢") and cell_len(app.row(1).rstrip()) == 20


async def test_the_list_stays_on_the_screen() -> None:
    """Near the lower edge it opens upwards; many options scroll."""

    class Low(Host):
        CSS = Host.CSS + " #room { height: 1fr; }"

        def compose(self) -> ComposeResult:
            yield Static(id="room")
            yield Dropdown([(f"option {number}", str(number)) for number in range(40)])

    app = Low()
    async with app.run_test(size=(30, 16)) as pilot:
        await opened(pilot)
        rows = [app.row(y) for y in range(16)]
        assert rows[15].rstrip().endswith("▼") and rows[14].startswith("option 11") and rows[3].startswith("option 0")
        await pilot.press("end")
        assert app.row(14).startswith("option 39")
