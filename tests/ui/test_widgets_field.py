"""Fields: what is shown is what was given, only edits are told of, and what is being typed stays."""

from __future__ import annotations

import pytest
from textual import events, on
from textual.app import App, ComposeResult
from textual.widgets import Checkbox, Input

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.experiment.validation import parse_path
from tui_trainer.ui.dropdown import Dropdown
from tui_trainer.ui.fields import ChoiceField, FieldEdited, NumberBox, SwitchField, TextBox, TextField, next_number


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
        assert app.focused is None, "a number is left on enter"
        box.focus()
        await pilot.press("2", "tab")
        assert app.told[1:] == [("training.learning_rate", "2")]
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


@pytest.mark.parametrize(
    ("path", "text", "up", "down"),
    [
        ("training.learning_rate", "0.05", "0.1", "0.02"),
        ("training.learning_rate", "0.03", "0.05", "0.02"),
        ("training.learning_rate", ",1", "0.2", "0.05"),
        ("training.batch_size", "32", "64", "16"),
        ("training.batch_size", "full", "32", "32"),
        ("training.batch_size", "1", "2", "1"),
        ("training.epochs", "200", "500", "100"),
        ("training.epochs", "1", "2", "1"),
        ("model.layers[0].units", "16", "32", "8"),
        ("model.layers[0].units", "65536", "65536", "32768"),
        ("model.layers[0].dropout", "0", "0.05", "0"),
        ("model.layers[0].dropout", "0.95", "0.95", "0.9"),
        ("model.seed", "0", "1", "0"),
        ("dataset.noise", "12", "15", "10"),
        ("dataset.validation_split", "0.2", "0.25", "0.15"),
        ("training.l2", "0", "1e-06", "0"),
        ("training.optimizer.momentum", "0.9", "0.95", "0.8"),
        ("training.stop_at_accuracy", "", "0.95", "0.95"),
    ],
)
def test_numbers_are_stepped_through_sensible_ones(path: str, text: str, up: str, down: str) -> None:
    steps = parse_path(path)
    assert steps is not None
    assert (next_number(steps, text, 1), next_number(steps, text, -1)) == (up, down)


async def test_the_wheel_steps_only_the_number_in_focus_and_arrows_are_clicked() -> None:
    app = Host()
    async with app.run_test() as pilot:
        field, box = app.query_one(TextField), app.query_one(NumberBox)
        field.show(0.05)
        turned = {"shift": False, "meta": False, "ctrl": False, "button": 0, "delta_x": 0, "x": 1, "y": 0}
        box.post_message(events.MouseScrollUp(box, delta_y=-1, **turned))
        await pilot.pause()
        assert box.value == "0.05", "the wheel scrolls on its way over a field"
        box.focus()
        await pilot.pause()
        assert "0.05" in shown(app) and shown(app).splitlines()[0].rstrip().endswith("‹ ›")
        box.post_message(events.MouseScrollUp(box, delta_y=-1, **turned))
        await pilot.pause()
        assert box.value == "0.1"
        await pilot.click(NumberBox, offset=(box.size.width - 3, 0))
        assert box.value == "0.05"
        await pilot.click(NumberBox, offset=(box.size.width - 1, 0))
        await pilot.click(NumberBox, offset=(box.size.width - 1, 0))
        assert box.value == "0.2" and [value for _, value in app.told] == ["0.1", "0.05", "0.1", "0.2"]


async def test_keys_in_one_burst_keep_their_order() -> None:
    app = Host()
    async with app.run_test() as pilot:
        box = TextBox()
        await app.mount(box)
        box.focus()
        for key in (*"abcdef", "backspace", "backspace", "backspace", *"XYZ"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        assert box.value == "abcXYZ"
