"""Fields: what is shown is what was given, only edits are told of, and what is being typed stays."""

from __future__ import annotations

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.widgets import Checkbox, Input

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.ui.dropdown import Dropdown
from tui_trainer.ui.fields import ChoiceField, FieldEdited, SwitchField, TextField


class Host(App[None]):
    """One field of each kind, and what they told."""

    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, object]] = []

    def compose(self) -> ComposeResult:
        yield TextField("training.learning_rate", "rate", missing=None)
        yield ChoiceField("training.loss", "loss", [("auto", None), ("mae", "mae"), ("[b]mse[/x]", "mse")])
        yield SwitchField("training.shuffle", "shuffle")

    @on(FieldEdited)
    def _keep(self, event: FieldEdited) -> None:
        self.told.append((event.path, event.value))


def shown(app: Host) -> str:
    """Every character on the screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def test_text_is_told_of_on_enter_and_on_leaving() -> None:
    app = Host()
    async with app.run_test() as pilot:
        field, box = app.query_one(TextField), app.query_one(Input)
        field.show(0.05)
        box.focus()
        await pilot.press("enter", "tab")
        assert app.told == [], "nothing was edited"
        box.focus()
        await pilot.press("1", "enter")
        assert app.told == [("training.learning_rate", "1")], "typing replaces what was there"
        await pilot.press("2", "tab")
        assert app.told[1:] == [("training.learning_rate", "12")]
        box.focus()
        await pilot.press("delete", "enter")
        assert app.told[2:] == [("training.learning_rate", None)], "empty is what the field says it is"


async def test_what_is_being_typed_survives_edits_elsewhere() -> None:
    app = Host()
    async with app.run_test() as pilot:
        field, box = app.query_one(TextField), app.query_one(Input)
        field.show(0.05)
        box.focus()
        await pilot.press("9")
        field.show(0.05)
        assert box.value == "9"
        field.show(0.1)
        assert box.value == "0.1", "another value counts for more"
        field.invalid = True
        assert field.has_class("-invalid")
        field.show(0.1)
        assert not field.has_class("-invalid") and app.told == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("training.learning_rate", 0.1234567890123),
        ("training.learning_rate", 1e-05),
        ("training.learning_rate", 1 / 3),
        ("training.batch_size", "full"),
        ("training.batch_size", 1000000),
        ("model.seed", 2**63 - 1),
        ("dataset.features", ("a", "b, c", 'd "e"', "f (cm)")),
        ("dataset.features", ()),
    ],
)
async def test_what_is_shown_reads_as_the_same_value(path: str, value: object) -> None:
    app = Host()
    async with app.run_test():
        app.query_one(TextField).show(value)
        typed = app.query_one(Input).value
    base = Experiment(dataset=DatasetConfig(features=("z",)))
    assert with_field(base, path, typed or ()) == with_field(base, path, value)


async def test_a_choice_is_told_of_once_and_auto_is_none() -> None:
    app = Host()
    async with app.run_test() as pilot:
        field, box = app.query_one(ChoiceField), app.query_one(Dropdown)
        box.focus()
        await pilot.press("enter", "down", "enter")
        assert app.told == [("training.loss", "mae")]
        field.show("mse")
        await pilot.pause()
        assert len(app.told) == 1, "being shown is no edit"
        field.explain_auto("auto: huber")
        assert box.value == "mse"
        field.show("unheard of")
        await pilot.pause()
        assert box.value == "unheard of", "a value from a file is shown though it is not offered"
        await pilot.press("enter", "home", "enter")
        assert app.told[1:] == [("training.loss", None)]
        field.explain_auto("auto: mse")
        await pilot.pause()
        assert "auto: mse" in shown(app) and len(app.told) == 2


async def test_a_choice_is_found_by_typing_and_brackets_are_text() -> None:
    app = Host()
    async with app.run_test() as pilot:
        app.query_one(Dropdown).focus()
        await pilot.press("enter", "m", "s", "e")
        assert "[b]mse[/x]" in shown(app)
        await pilot.press("enter")
        assert app.told == [("training.loss", "mse")]


async def test_a_switch_is_toggled_by_key_and_mouse() -> None:
    app = Host()
    async with app.run_test() as pilot:
        assert "□" in shown(app), "hollow from the first"
        app.query_one(SwitchField).show(True)
        await pilot.pause()
        assert app.told == [] and app.query_one(Checkbox).value and "■" in shown(app)
        app.query_one(Checkbox).focus()
        await pilot.press("enter")
        assert app.told == [("training.shuffle", False)]


async def test_control_characters_become_signs() -> None:
    app = Host()
    async with app.run_test() as pilot:
        app.query_one(TextField).show("\x1b[31mred\u202e")
        app.query_one(ChoiceField).show("\x1b]0;x\x07")
        await pilot.pause()
        text = shown(app)
        assert "�[31mred�" in text and "\x1b" not in text and "\x07" not in text
