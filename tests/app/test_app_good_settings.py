"""Settings that work: those of a dataset come with it or are offered, and f mends a run that has learnt nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from running_app import Start

from tui_trainer.datasets.catalog import GOOD_SETTINGS
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import (
    FIRST_EXPERIMENT,
    OWN_DATA,
    UNTITLED,
    DatasetConfig,
    Experiment,
    TrainingConfig,
)
from tui_trainer.protocol import RatesFound


async def test_a_dataset_brings_settings_that_train_it(start: Start) -> None:
    async with start(FIRST_EXPERIMENT) as flow:
        flow.field("dataset.name").edited("wine")
        await flow.until_loaded(2)
        await flow.until_said("Good settings for Wine, three cultivars: 16 relu, Adam 0.01, 60 epochs; u goes back.")
        experiment = flow.screen.experiment
        assert experiment == GOOD_SETTINGS["wine"].applied_to(experiment)
        assert experiment.dataset.standardize_target and experiment.dataset.validation_split == 0.3
        await flow.press("u")
        await flow.until_loaded(3)
        assert flow.screen.experiment == FIRST_EXPERIMENT


async def test_what_the_user_has_chosen_stays_and_settings_are_offered(start: Start) -> None:
    own = with_field(FIRST_EXPERIMENT, "training.learning_rate", 0.5)
    async with start(own) as flow:
        flow.field("dataset.name").edited("moons")
        await flow.until_loaded(2)
        await flow.until_said("Good settings for two moons: 8 tanh, Adam 0.02, 150 epochs: f takes them.")
        assert flow.screen.experiment.training == own.training and flow.screen.experiment.model == own.model
        await flow.press("f")
        await flow.until_loaded(3)
        assert flow.screen.experiment.training.learning_rate == 0.02
        await flow.press("u")
        await flow.until_loaded(4)
        assert flow.screen.experiment.training == own.training
        await flow.press("f")
        await flow.until_said("Nothing to fix")


def write_prices(folder: Path) -> str:
    """A file of prices that grow with the area; its path."""
    file = folder / "prices.csv"
    file.write_text("area,price\n" + "".join(f"{area},{1000 * area + 50_000}\n" for area in range(50, 150)))
    return str(file)


async def test_an_own_file_brings_settings_and_a_rate_found_for_it(start: Start, tmp_path: Path) -> None:
    async with start(Experiment()) as flow:
        await flow.enter("dataset.path", write_prices(tmp_path))
        await flow.until_loaded(2)
        await flow.until_said("Good settings for this file: 32 relu, Adam ")
        await flow.until_said("the rate was found by trying (= shows it); u goes back.")
        experiment = flow.screen.experiment
        found = next(report for report in flow.reports if isinstance(report, RatesFound))
        assert found.suggestion is not None and experiment.training.learning_rate == found.suggestion
        assert experiment.model.layers == OWN_DATA.model.layers
        usual = replace(experiment.training, learning_rate=OWN_DATA.training.learning_rate)
        assert usual == OWN_DATA.training, "nothing but the rate"
        await flow.press("escape", "space")
        await flow.until_state("finished")
        assert flow.progress.values["val_r2"] > 0.95 and flow.progress.values["val_mae"] > 100
        await flow.press("u")
        await flow.until(lambda: flow.screen.experiment == Experiment(), "file, settings and rate are one edit")


async def test_a_run_that_has_begun_keeps_its_rate(start: Start, tmp_path: Path) -> None:
    async with start(Experiment()) as flow:
        await flow.enter("dataset.path", write_prices(tmp_path))
        await flow.until_loaded(2)
        await flow.until(lambda: any(isinstance(report, RatesFound) for report in flow.reports), "a rate")
        found = next(report for report in flow.reports if isinstance(report, RatesFound))
        await flow.press("escape", "s")
        await flow.until(lambda: flow.progress.steps == 1, "a step")
        before = flow.screen.editor._suited_to_file = flow.screen.experiment
        await flow.screen.editor.on_report(replace(found, suggestion=0.123))
        assert flow.screen.experiment == before


async def test_settings_that_are_offered_for_a_file_come_with_a_rate_too(start: Start, tmp_path: Path) -> None:
    own = with_field(Experiment(), "training.learning_rate", 0.7)
    async with start(own) as flow:
        await flow.enter("dataset.path", write_prices(tmp_path))
        await flow.until_said("If not, leave it out. f takes good settings for own files.")
        await flow.press("escape", "f")
        await flow.until_said("the rate was found by trying (= shows it); u goes back.")
        await flow.press("u")
        await flow.until(lambda: flow.screen.experiment.training == own.training, "what was there before")
        assert flow.screen.experiment.dataset.path is not None


async def test_one_key_mends_a_run_that_has_learnt_nothing(start: Start) -> None:
    slow = Experiment(dataset=DatasetConfig("iris"), training=TrainingConfig(learning_rate=1e-7, epochs=20))
    async with start(slow) as flow:
        await flow.press("space")
        await flow.until_state("finished")
        await flow.until_said("the rate 1e-07 is too low. Key f raises the rate to")
        await flow.press("f")
        await flow.until(lambda: flow.screen.experiment.training.learning_rate > 0.001, "a higher rate")
        await flow.until(lambda: flow.progress.values.get("val_accuracy", 0.0) > 0.8, "that it learns")
        await flow.until_state("finished")
        await flow.press("u")
        await flow.until(lambda: flow.screen.experiment == slow, "the rate from before")


async def test_an_accuracy_stands_beside_that_of_the_largest_class(start: Start) -> None:
    short = replace(GOOD_SETTINGS["breast_cancer"].applied_to(Experiment()), dataset=DatasetConfig("breast_cancer"))
    async with start(with_field(short, "training.epochs", 3), size=(160, 45)) as flow:
        await flow.press("space")
        await flow.until_state("finished")
        await flow.until_shown("(always benign: 62.8%)")
        await flow.press("6")
        await flow.until(lambda: flow.screen_text().count("always benign: 62.8%") == 2, "the same number in the tab")


@pytest.mark.parametrize("leaves", [True, False])
async def test_an_own_file_after_a_lesson_has_its_own_settings(start: Start, tmp_path: Path, leaves: bool) -> None:
    """The lesson's network, weights, split and scale are for its data; what the user has changed stays."""
    async with start(FIRST_EXPERIMENT) as flow:
        await flow.screen.lessons.load("book:two_paths")
        await flow.until(lambda: flow.screen.tabs.active == "landscape" and flow.screen.state == "ready", "the lesson")
        lesson = flow.screen.experiment
        assert lesson.model.weights and lesson.dataset.validation_split == 0.0 and not lesson.dataset.standardize
        if leaves:
            await flow.press("L")
        await flow.press("m")
        await flow.enter("dataset.path", write_prices(tmp_path))
        await flow.until_said("Good settings for")
        experiment = flow.screen.experiment
        assert experiment.model == OWN_DATA.model and experiment.training.l2 == OWN_DATA.training.l2
        assert (lesson.name, experiment.name) == ("two_paths", UNTITLED)
        data = experiment.dataset
        assert (data.standardize, data.standardize_target, data.validation_split) == (True, True, 0.2)
        await flow.press("u")
        await flow.until(lambda: flow.screen.experiment == lesson, "the lesson's settings")
        await flow.screen.editor.change_field("training.learning_rate", "0.3")
        await flow.enter("dataset.path", write_prices(tmp_path))
        await flow.until_said("f takes good settings for own files.")
        assert not flow.screen.experiment.model.output.use_bias and not flow.screen.experiment.model.layers
        assert flow.screen.experiment.name == UNTITLED
