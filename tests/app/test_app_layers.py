"""Layers: added, removed, moved, edited in place; every edit can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Checkbox, Input

from tui_trainer.app.setup.network_panel import LayerRow
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment, LayerConfig
from tui_trainer.ui.dropdown import Dropdown
from tui_trainer.ui.fields import TextButton
from tui_trainer.ui.keymap import action_of

if TYPE_CHECKING:
    from running_app import Flow, Start


def units(flow: Flow) -> list[int]:
    """The units of the hidden layers, in the experiment."""
    return [layer.units for layer in flow.screen.experiment.model.layers]


def shown(flow: Flow) -> list[str]:
    """The units of the hidden layers, on the screen."""
    return [box.value for box in flow.screen.network_panel.query(".units Input").results(Input)][:-1]


def kinds(flow: Flow) -> list[str]:
    """The kinds of the layers that the trainer has."""
    assert flow.screen.trainer.loaded is not None
    return [row.kind for row in flow.screen.trainer.loaded.layers]


async def until_units(flow: Flow, *wanted: int) -> None:
    """Wait until the hidden layers have these units, on the screen too."""
    await flow.until(lambda: units(flow) == list(wanted), f"units {wanted}, not {units(flow)}")
    await flow.until(lambda: shown(flow) == [str(count) for count in wanted], f"rows {wanted}")


async def test_add_move_remove_undo_redo(start: Start) -> None:
    async with start() as flow:
        await flow.enter("model.layers[0].units", "8")
        await until_units(flow, 8)
        await flow.press("a")
        await until_units(flow, 8, 8)
        await flow.enter("model.layers[1].units", "4")
        await until_units(flow, 8, 4)
        assert flow.screen.network_panel.chosen == 1

        await flow.press("ctrl+up")
        await until_units(flow, 4, 8)
        assert flow.screen.network_panel.chosen == 0
        await flow.press("ctrl+up")
        await until_units(flow, 4, 8)
        await flow.press("ctrl+down")
        await until_units(flow, 8, 4)
        assert flow.screen.network_panel.chosen == 1

        box = flow.input("model.layers[0].units")
        box.focus()
        await flow.until(lambda: flow.screen.network_panel.chosen == 0, "the layer in focus")
        await flow.press("ctrl+down")
        await until_units(flow, 4, 8)
        await flow.press("escape", "u")
        await until_units(flow, 8, 4)

        await flow.press("x")
        await flow.until_said("removed; u restores it.")
        assert len(units(flow)) == 1
        await flow.press("delete")
        await until_units(flow)
        assert flow.heading.startswith("Network") and flow.screen.network_panel.chosen is None
        await flow.press("x")
        await flow.until_said("There is no hidden layer to remove: this is a perceptron.")
        await flow.until(lambda: flow.heading == "Network  15 parameters", "a perceptron")

        await flow.press("u", "u")
        await until_units(flow, 8, 4)
        await flow.press("u", "u", "u", "u", "u", "u")
        await flow.until(lambda: units(flow) == [16], "the beginning")
        await flow.press("u")
        await flow.until_said("Nothing to undo.")
        assert flow.screen.experiment == Experiment()
        await flow.until(lambda: flow.heading == "Network  131 parameters", "the first network")

        await flow.press(*"UUUUUUUU")
        await until_units(flow)
        await flow.press("U")
        await flow.until_said("Nothing to redo.")
        await flow.until(lambda: flow.heading == "Network  15 parameters", "a perceptron again")


async def test_a_layer_is_edited_in_place(start: Start) -> None:
    async with start() as flow:
        screen = flow.screen

        def layer() -> LayerConfig:
            return screen.experiment.model.layers[0]

        await flow.enter("model.layers[0].dropout", "0.25")
        await flow.until(lambda: layer().dropout == 0.25, "the dropout")

        bias = (await flow.unfold("model.layers[0].use_bias")).query_one(Checkbox)
        bias.focus()
        await flow.press("enter")
        await flow.until(lambda: not layer().use_bias, "no bias")
        await flow.until(lambda: flow.heading == "Network  115 parameters", "16 parameters less")

        for field, index, wanted in (("activation", 4, "tanh"), ("initializer", 3, "he_normal")):
            chooser = flow.field(f"model.layers[0].{field}").query_one(Dropdown)
            chooser.focus()
            await flow.press("enter")
            await flow.until(lambda chooser=chooser: chooser.expanded, f"the list of {field}")
            await flow.press("home", *["down"] * index, "enter")
            await flow.until(lambda f=field, w=wanted: getattr(layer(), f) == w, wanted)

        edited = LayerConfig(16, "tanh", 0.25, False, "he_normal")
        assert layer() == edited
        await flow.press("escape", "a")
        await flow.until(lambda: screen.experiment.model.layers == (edited, edited), "a copy of the layer")
        await flow.until(lambda: kinds(flow).count("Dropout") == 2, "both layers in the trainer")

        await flow.press("u", "u", "u", "u", "u")
        await flow.until(lambda: screen.experiment == Experiment(), "the beginning")
        assert bias.value and chooser.value == "glorot_uniform"
        assert flow.input("model.layers[0].dropout").value in ("0", "")


async def test_the_buttons_do_what_the_keys_do(start: Start) -> None:
    async with start() as flow:
        buttons = {button.action: button for button in flow.screen.network_panel.query(TextButton)}
        await flow.enter("model.layers[0].units", "8")
        await flow.pilot.click(buttons[action_of("add_layer")])
        await until_units(flow, 8, 8)
        await flow.enter("model.layers[1].units", "4")
        await flow.pilot.click(buttons[action_of("move_layer_minus")])
        await until_units(flow, 4, 8)
        await flow.pilot.click(buttons[action_of("move_layer_plus")])
        await until_units(flow, 8, 4)
        await flow.pilot.click(buttons[action_of("remove_layer")])
        await until_units(flow, 8)


async def test_a_key_that_comes_before_the_rows_have_followed_is_refused_in_a_sentence(start: Start) -> None:
    async with start() as flow:
        screen = flow.screen
        perceptron = with_field(screen.experiment, "model.layers", ())
        screen.editor.history.change(perceptron)  # as an undo does; the rows on the screen follow later
        assert screen.network_panel.chosen == 0
        await flow.press("x")
        await flow.until_said("There is no hidden layer to remove: this is a perceptron.")
        assert screen.experiment == perceptron


async def test_what_an_edit_did_to_a_running_training_and_what_was_undone_is_said(start: Start) -> None:
    async with start() as flow:
        await flow.press("a")
        await flow.until_said("Layer 2 added, 16 relu; u takes it back.")
        assert "first step" not in flow.message, "nothing was trained"
        await flow.press("u")
        await flow.until_said("Undone: layers 16 again; U redoes it.")
        await flow.press("e")
        await flow.until(lambda: flow.screen.status.progress and flow.progress.epoch == 1, "an epoch")
        await flow.press("a")
        await flow.until_said("Layer 2 added, 16 relu; u takes it back. Back to the first step.")
        await flow.press("u")
        await flow.until_said("Undone: layers 16 again")
        await flow.press("U")
        await flow.until_said("Redone: layers 16-16; u undoes it.")


async def test_each_row_of_a_layer_has_room_for_its_name(start: Start) -> None:
    async with start(Experiment(), (120, 50)) as flow:
        fold = next(row for row in flow.screen.query("FoldRow") if "dropout" in str(row.render()))
        await flow.pilot.click(fold)

        def rows() -> list[LayerRow]:
            return [row for row in flow.screen.query(LayerRow) if row.region.width]

        await flow.until(lambda: len(rows()) == 8, "all rows of two layers")
        assert all(row.children[0].region.x - row.region.x >= len("out ") for row in rows())
