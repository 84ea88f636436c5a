"""The cards of the setup: one grid, nothing beyond their frames, and fields that are folded, by keys and by mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.widgets import Checkbox, Input

from tui_trainer.app.setup.network_panel import LayerRow
from tui_trainer.app.setup.panel import Fold, FoldRow, Panel
from tui_trainer.app.setup.training_panel import TrainingPanel
from tui_trainer.datasets.catalog import CATALOG
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import FIRST_EXPERIMENT, DatasetConfig, Experiment, LayerConfig, ModelConfig
from tui_trainer.ui.dropdown import Dropdown
from tui_trainer.ui.fields import Field

if TYPE_CHECKING:
    from pathlib import Path

    from running_app import Flow, Start

OTHER_SIZES = pytest.mark.slow  # each goes through all data sets; the two usual ones are enough for every day


def fold_of(flow: Flow, path: str) -> Fold:
    """The fold that holds the field at ``path``."""
    return next(fold for fold in flow.screen.query(Fold) if fold.holds(path))


def said(flow: Flow, path: str) -> str:
    """What the folded row says that holds the field at ``path``."""
    return fold_of(flow, path).row.render().plain


def is_seen(flow: Flow, path: str) -> bool:
    """Whether a field at ``path`` has a place on the screen."""
    return any(field.path == path and field.region.area for field in flow.screen.query(Field))


async def unfold_all(flow: Flow) -> None:
    """Unfold every row of every card."""
    for panel in flow.screen.query(Panel):
        for fold in panel.query(Fold):
            await panel.turn(fold, True)


async def tab_to(flow: Flow, path: str) -> FoldRow:
    """Go to the folded row that holds the field at ``path``, with the tab key alone."""
    row = fold_of(flow, path).row
    for _ in range(60):
        if flow.screen.focused is row:
            return row
        await flow.press("tab")
    pytest.fail(f"no way to {path}")


async def test_a_few_fields_are_seen_and_the_rest_is_folded(start: Start) -> None:
    async with start(FIRST_EXPERIMENT) as flow:
        setup = flow.screen.query_one("#setup")
        assert setup.region.width == 30
        assert {field.path for field in flow.screen.query(Field) if field.region.area} == {
            "dataset.name",
            "dataset.noise",
            "dataset.validation_split",
            *(f"model.layers[{index}].{name}" for index in (0, 1) for name in ("units", "activation")),
            "model.output.units",
            "model.output.activation",
            "training.optimizer.name",
            "training.learning_rate",
            "training.batch_size",
            "training.epochs",
            "training.l2",
            "training.early_stopping.patience",
        }
        await flow.until_shown("Data ─── 350 + 150 rows")
        await flow.until_shown("Network 105 parameters")
        await flow.until_shown("i open a CSV of your own")
        assert said(flow, "dataset.features") == "▸ features x1, x2"
        assert said(flow, "dataset.seed").startswith("▸ samples, seed, ")
        assert said(flow, "model.seed").startswith("▸ dropout, weights, bias")
        assert setup.max_scroll_y == 0, "all of it at once"
        training = flow.screen.query_one(TrainingPanel)
        assert training.region.bottom == setup.region.bottom, "in the row where the views end"
        await unfold_all(flow)
        await flow.until(lambda: setup.max_scroll_y > 0, "more than there is room for")
        rows = [field.virtual_region_with_margin.bottom for field in training.children if field.display]
        assert training.virtual_region.height == max(rows) + 2, "no more than its fields need"


@pytest.mark.parametrize(
    ("size", "width"),
    [
        ((120, 40), 30),
        ((80, 24), 80),
        *(
            pytest.param(size, width, marks=OTHER_SIZES)
            for size, width in (((100, 30), 30), ((200, 60), 34), ((60, 16), 60))
        ),
    ],
)
async def test_cards_have_one_grid_and_nothing_beyond_their_frames(
    start: Start, size: tuple[int, int], width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = with_field(Experiment(model=ModelConfig(layers=(LayerConfig(65536), LayerConfig()))), "hide", ())
    async with start(long, size) as flow:
        if size[0] < 100:
            await flow.press("m")
        await unfold_all(flow)
        setup = flow.screen.query_one("#setup")
        await flow.until(lambda: setup.region.width == width, "the setup")
        monkeypatch.setattr(flow.screen.trainer, "load", lambda *_, **__: None)  # only the fields are looked at
        for name in CATALOG:
            await flow.screen.editor.change(with_field(flow.screen.experiment, "dataset.name", name))
        for panel in flow.screen.query(Panel):
            inside = panel.region.shrink(panel.styles.border.spacing)
            lines: dict[int, int] = {}
            for field in panel.query(Field):
                if not field.region.area:
                    continue
                assert inside.x < field.region.x and field.region.right < inside.right, field.path
                in_layers = isinstance(field.parent, LayerRow)
                if not in_layers and field.label:
                    box = next(iter(field.children))
                    assert box.region.x - field.region.x == Field.LABEL_WIDTH, field.path
                    lines[field.region.y] = lines.get(field.region.y, 0) + 1
            assert set(lines.values()) == {1}, "one field a line"
        for row in flow.screen.query(LayerRow):
            boxes = [box for kind in (Input, Dropdown, Checkbox) for box in row.query(kind)]
            starts = {type(box): box.region.x - row.region.x for box in boxes}
            assert starts.get(Dropdown, Field.LABEL_WIDTH) == Field.LABEL_WIDTH and starts.get(Input, 0) <= 12


async def test_folding_by_keys_alone(start: Start) -> None:
    async with start(FIRST_EXPERIMENT) as flow:
        row = await tab_to(flow, "training.shuffle")
        assert "▸" in row.render().plain and not is_seen(flow, "training.shuffle")
        await flow.press("enter")
        await flow.until(lambda: is_seen(flow, "training.shuffle"), "the folded fields")
        assert row.has_focus and "▾" in row.render().plain
        await flow.press("tab", "tab")
        box = flow.input("training.optimizer.beta_1")
        await flow.until(lambda: box.has_focus, "the second of the fields")
        await flow.press(*"0.8", "shift+tab", "shift+tab")
        await flow.until(lambda: flow.screen.experiment.training.optimizer.beta_1 == 0.8, "another value")
        await flow.press("left")
        await flow.until(lambda: not is_seen(flow, "training.shuffle"), "all folded again")
        assert row.has_focus and row.render().plain == "▸ β1 0.8 …"
        await flow.press("left")
        assert not is_seen(flow, "training.shuffle")
        await flow.press("right")
        await flow.until(lambda: is_seen(flow, "training.shuffle"), "unfolded")
        await flow.press("right", "escape", "u")
        await flow.until(lambda: flow.screen.experiment == FIRST_EXPERIMENT, "undone")
        assert is_seen(flow, "training.shuffle") and "β1 0.8" not in row.render().plain
        await flow.until(lambda: flow.input("training.optimizer.beta_1").value == "0.9", "the value from before")


async def test_folding_by_mouse_alone(start: Start) -> None:
    async with start(FIRST_EXPERIMENT) as flow:
        await flow.pilot.click(fold_of(flow, "dataset.standardize").row, offset=(5, 0))
        await flow.until(lambda: is_seen(flow, "dataset.standardize"), "the folded fields")
        switch = flow.field("dataset.standardize")
        await flow.pilot.click(switch, offset=(2, 0))  # its label
        await flow.until(lambda: not flow.screen.experiment.dataset.standardize, "switched off")
        await flow.pilot.click(switch.query_one(Checkbox), offset=(0, 0))
        await flow.until(lambda: flow.screen.experiment.dataset.standardize, "switched on")
        await flow.pilot.click(switch.query_one(Checkbox), offset=(0, 0))
        await flow.until(lambda: not flow.screen.experiment.dataset.standardize, "switched off again")
        await flow.pilot.click(fold_of(flow, "dataset.standardize").row, offset=(5, 0))
        await flow.until(lambda: not is_seen(flow, "dataset.standardize"), "all folded again")
        assert said(flow, "dataset.standardize") == "▸ standardize off …"
        await flow.pilot.click(fold_of(flow, "dataset.features").row, offset=(5, 0))
        await flow.until(lambda: is_seen(flow, "dataset.features"), "the switches of the features")
        boxes = [box for box in flow.screen.query(Checkbox) if str(box.label) == "x1*x2"]
        await flow.pilot.click(boxes[0], offset=(2, 0))
        await flow.until(lambda: flow.screen.experiment.dataset.features == ("x1", "x2", "x1*x2"), "three features")
        assert said(flow, "dataset.features") == "▾ features x1, x2, x1*x2"


async def test_folded_rows_say_what_is_not_usual(start: Start) -> None:
    layers = (LayerConfig(4, dropout=0.2), LayerConfig(4, use_bias=False))
    async with start(Experiment(model=ModelConfig(layers=layers))) as flow:
        assert said(flow, "model.seed").startswith("▸ dropout 0.2/0, bias on")
        assert said(flow, "training.loss").startswith("▸ loss, ")
        for path, value, words in (
            ("training.shuffle", False, "▸ shuffle off …"),
            ("training.stop_at_loss", 0.01, "▸ stop at loss 0.01 …"),
            ("training.optimizer.momentum", 0.9, "▸ momentum 0.9, shuffle …"),
            ("dataset.features", ("petal width (cm)",), "▸ features petal width (…"),
        ):
            await flow.screen.editor.change_field(path, value)
            await flow.until(lambda path=path, words=words: said(flow, path) == words, words)


async def test_options_of_a_layer_are_edited_behind_the_folded_row(start: Start) -> None:
    async with start(FIRST_EXPERIMENT) as flow:
        await flow.unfold("model.layers[1].l2")
        await flow.enter("model.layers[1].l2", "0.01")
        await flow.until(lambda: flow.screen.experiment.model.layers[1].l2 == 0.01, "a penalty of its own")
        await flow.enter("model.layers[0].initializer_scale", "2")
        await flow.until(lambda: flow.screen.experiment.model.layers[0].initializer_scale == 2.0, "the scale")
        box = flow.field("model.layers[0].trainable").query_one(Checkbox)
        await flow.pilot.click(box, offset=(0, 0))
        await flow.until(lambda: not flow.screen.experiment.model.layers[0].trainable, "the first layer is frozen")
        await flow.enter("model.layers[1].l2", "")
        await flow.until(lambda: flow.screen.experiment.model.layers[1].l2 is None, "that of the training again")
        await flow.enter("model.input_dropout", "0.1")
        await flow.until(lambda: flow.screen.experiment.model.input_dropout == 0.1, "dropout of the inputs")
        assert said(flow, "model.seed").startswith("▾ trainable off/on, sca")


async def test_what_is_unfolded_stays_so(start: Start) -> None:
    async with start(FIRST_EXPERIMENT) as flow:
        await flow.unfold("dataset.samples")
        await flow.unfold("model.layers[0].dropout")
        await flow.screen.editor.change_field("dataset.name", "iris")
        await flow.press("2", "m")
        await flow.until(lambda: not is_seen(flow, "dataset.seed"), "no setup")
        await flow.press("m", "u")
        await flow.until(lambda: is_seen(flow, "dataset.samples"), "the field of the toy set again")
        assert is_seen(flow, "model.layers[1].dropout") and not is_seen(flow, "training.shuffle")


async def test_rows_of_layers_follow_while_they_are_unfolded(start: Start) -> None:
    async with start(FIRST_EXPERIMENT) as flow:
        await flow.unfold("model.layers[0].dropout")
        await flow.press("a", "a")
        await flow.until(lambda: is_seen(flow, "model.layers[3].dropout"), "four layers")
        await flow.press("u", "x", "x")
        await flow.until(lambda: len(flow.screen.query(".details > LayerRow")) == 2, "one hidden layer, and the output")
        assert flow.input("model.layers[0].dropout").value == "0"
        await flow.enter("model.layers[0].dropout", "0.5")
        await flow.until(lambda: flow.screen.experiment.model.layers[0].dropout == 0.5, "the dropout")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_field_that_is_refused_is_unfolded(start: Start, size: tuple[int, int]) -> None:
    """By the trainer, which alone knows that there are too few points."""
    few = Experiment(dataset=DatasetConfig("blobs", classes=6))
    async with start(few, size) as flow:
        await flow.screen.editor.change_field("dataset.samples", 11)
        await flow.until_said("Samples: expected at least 12")
        if size[0] < 100:
            await flow.press("m")
        await flow.until(lambda: is_seen(flow, "dataset.samples"), "the field")
        await flow.until(lambda: flow.field("dataset.samples").invalid, "marked as wrong")
        row = fold_of(flow, "dataset.samples").row
        await flow.pilot.click(row, offset=(5, 0))
        await flow.until(lambda: row.has_class("-invalid"), "the row tells it, folded")
        await flow.press("escape")
        await flow.screen.editor.change_field("dataset.samples", 60)
        await flow.until(lambda: not row.has_class("-invalid"), "all well")


async def test_what_a_lesson_hides_is_not_offered_folded(start: Start) -> None:
    hidden = with_field(FIRST_EXPERIMENT, "hide", ("model", "dataset.seed", "dataset.path", "training.stop_at_loss"))
    async with start(hidden) as flow:
        assert not fold_of(flow, "model.seed").display
        assert not any(flow.screen.network_panel.query(kind).first().display for kind in (".titles", ".buttons"))
        assert "seed" not in said(flow, "dataset.seed") and "open a CSV" not in flow.screen_text()
        assert said(flow, "training.stop_after") == "▸ stop at accuracy, afte…"
        await unfold_all(flow)
        await flow.until(lambda: is_seen(flow, "training.stop_after"), "the rule that is left")
        assert not is_seen(flow, "training.stop_at_loss")


async def test_the_card_in_focus_is_framed_in_another_colour(start: Start) -> None:
    async with start(FIRST_EXPERIMENT) as flow:
        panel = flow.screen.training_panel
        at_rest = panel.styles.border_top
        flow.input("training.epochs").focus()
        await flow.until(lambda: panel.styles.border_top != at_rest, "another frame")
        assert flow.screen.data_panel.styles.border_top == at_rest
        await flow.press("escape")
        await flow.until(lambda: panel.styles.border_top == at_rest, "the frame from before")


async def test_the_line_of_own_data_is_a_button(start: Start) -> None:
    from tui_trainer.app.dialogs.pick_file import PickFile

    async with start(FIRST_EXPERIMENT) as flow:
        button = flow.screen.data_panel.query_one("TextButton")
        await flow.pilot.click(button, offset=(3, 0))
        await flow.until(lambda: isinstance(flow.pilot.app.screen, PickFile), "the question for a file")


async def test_weights_of_classes_are_chosen_and_those_of_the_file_stay(start: Start) -> None:
    experiment = with_field(Experiment(), "training.class_weight", {"setosa": 2.0})
    async with start(experiment) as flow:
        field = await flow.unfold("training.class_weight")
        dropdown = field.query_one(Dropdown)
        assert dropdown.value == "by class"
        for text, expected in (("bal", "balanced"), ("none", None), ("by", {"setosa": 2.0})):
            dropdown.focus()
            await flow.until(lambda: dropdown.has_focus, "focus")
            flow.write(f"\r{text}\r")
            await flow.until(
                lambda expected=expected: flow.screen.experiment.training.class_weight == expected, f"{expected}"
            )


async def test_rows_of_a_group_and_parts_by_a_column_are_set_on_the_card(start: Start, tmp_path: Path) -> None:
    lines = [f"{n * n},{'test' if n % 5 == 0 else 'train'},p{n // 5},{n % 2}" for n in range(40)]
    (tmp_path / "own.csv").write_text("\n".join(["a,part,who,y", *lines, ""]))
    async with start(Experiment(dataset=DatasetConfig(path=str(tmp_path / "own.csv"), target="y"))) as flow:
        await flow.enter("dataset.split_column", "prat")
        await flow.until_said("there is no column 'prat'; did you mean 'part'")
        await flow.enter("dataset.split_column", "part")
        await flow.until(lambda: flow.screen.trainer.loaded.dataset.test_rows == 8, "the rows for the test")
        await flow.enter("dataset.group_column", "who")
        await flow.until_said("the group 'p0' is in two parts, test in line 2 and training in line 3")
        await flow.enter("dataset.split_column", "")
        await flow.until(lambda: flow.screen.trainer.loaded.dataset.test_rows == 0, "the groups alone")
        assert flow.screen.experiment.dataset.group_column == "who"


async def test_the_file_of_the_test_part_is_set_on_the_card(start: Start, tmp_path: Path) -> None:
    for name, rows in (("own.csv", 40), ("new.csv", 5)):
        lines = [f"{n * n},{n % 2}" for n in range(rows)]
        (tmp_path / name).write_text("\n".join(["a,y", *lines, ""]))
    experiment = Experiment(dataset=DatasetConfig(path=str(tmp_path / "own.csv"), target="y"))
    async with start(experiment) as flow:
        await flow.enter("dataset.test_path", str(tmp_path / "none.csv"))
        await flow.until_said("there is no file")
        await flow.enter("dataset.test_path", str(tmp_path / "new.csv"))
        await flow.until(lambda: flow.screen.trainer.loaded.dataset.test_rows == 5, "the rows for the test")
        loaded = flow.screen.trainer.loaded.dataset
        assert (loaded.train_rows, loaded.validation_rows) == (32, 8)
        await flow.press("2")
        await flow.until_shown("45 rows: 32 training, 8 validation, 5 test")


async def test_lbfgs_comes_with_the_full_batch(start: Start) -> None:
    async with start() as flow:
        before = flow.screen.experiment.training
        await flow.screen.editor.change_field("training.optimizer.name", "lbfgs")
        await flow.until_said("L-BFGS takes the full batch")
        training = flow.screen.experiment.training
        assert (training.batch_size, training.learning_rate) == ("full", 1.0)
        await flow.until(lambda: flow.screen.state == "ready", "the run")
        await flow.press("u")
        await flow.until(lambda: flow.screen.experiment.training == before, "one edit, undone at once")
