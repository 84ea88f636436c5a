"""Settings that work: those of a dataset come with it or are offered, and f mends a run that has learnt nothing."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace
from running_app import Start

from tui_trainer.datasets.catalog import GOOD_SETTINGS
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import FIRST_EXPERIMENT, OWN_DATA, DatasetConfig, Experiment, TrainingConfig


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


async def test_an_own_file_brings_settings_for_own_files(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("area,price\n" + "".join(f"{area},{1000 * area + 50_000}\n" for area in range(50, 150)))
    async with start(Experiment()) as flow:
        await flow.enter("dataset.path", str(file))
        await flow.until_loaded(2)
        experiment = flow.screen.experiment
        assert experiment.model.layers == OWN_DATA.model.layers and experiment.training == OWN_DATA.training
        await flow.press("escape", "space")
        await flow.until_state("finished")
        assert flow.progress.values["val_r2"] > 0.95 and flow.progress.values["val_mae"] > 100


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
