"""Memory asked for before it is taken: the estimate against what is taken, and the refusal."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import (
    DatasetConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    OptimizerConfig,
    TrainingConfig,
)
from tui_trainer.store.store import pack
from tui_trainer.training import builder
from tui_trainer.training.session import Session

ROOT = Path(__file__).resolve().parents[2]
WIDE = ModelConfig(layers=(LayerConfig(700), LayerConfig(700)))
ADAM = TrainingConfig(optimizer=OptimizerConfig(name="adam"))
FULL = TrainingConfig(batch_size="full")


def digits(layer: LayerConfig, training: TrainingConfig) -> Experiment:
    return Experiment(dataset=DatasetConfig("digits"), model=ModelConfig(layers=(layer,)), training=training)


CASES = {
    "sgd": Experiment(model=WIDE),
    "own penalties": Experiment(model=ModelConfig(layers=(LayerConfig(700, l1=0.1), LayerConfig(700, l2=0.1)))),
    "adam": Experiment(model=WIDE, training=ADAM),
    "float64": Experiment(model=ModelConfig(layers=WIDE.layers, dtype="float64")),
    "full batch": digits(LayerConfig(900, "tanh"), FULL),
    "dropout": digits(LayerConfig(900, dropout=0.3), TrainingConfig(batch_size=600)),
    "input dropout": Experiment(
        dataset=DatasetConfig("digits"),
        model=ModelConfig(layers=(LayerConfig(50),), input_dropout=0.3),
        training=FULL,
    ),
    "batch norm": digits(LayerConfig(900, batch_norm=True), TrainingConfig(batch_size=600)),
    "gelu": digits(LayerConfig(300, "gelu"), FULL),
}


@pytest.mark.parametrize("name", CASES)
def test_the_estimate_against_what_is_taken(name: str) -> None:
    """Never less, and not half as much again: loaded, trained and saved, as NumPy tells Python's tracer."""
    experiment = CASES[name]
    Session().load(Experiment(dataset=experiment.dataset))  # what is read once, and the modules
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        session = Session()
        session.load(experiment)
        session.epoch()
        pack(session.snapshot())
        _, height = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    needs = builder.estimate(session.experiment, len(session.dataset.features), session.split)
    assert 0.98 < needs.total / (height - before) < 1.5


def test_a_model_that_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    session.load(Experiment())
    monkeypatch.setattr(builder, "free_bytes", lambda: 20_000_000)
    with pytest.raises(UserError) as refused:
        session.load(CASES["adam"])
    assert str(refused.value) == (
        "model: 496,303 parameters take 35.7 MB in training with adam, the data and the outputs of the layers 2.0 MB: "
        "37.7 MB in all, but 20.0 MB are free; use fewer units"
    )
    assert session.experiment.model.layers == Experiment().model.layers, "the run before it stays"
    with pytest.raises(UserError, match=r"free; use fewer units or a smaller batch$"):
        session.load(CASES["gelu"])
    monkeypatch.setattr(builder, "free_bytes", lambda: 40_000_000)
    session.load(CASES["adam"])


def test_where_the_system_does_not_say_it_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "free_bytes", lambda: None)
    monkeypatch.setattr(builder, "left_of_limit", lambda: None)
    assert builder.available_bytes() is None
    Session().load(CASES["sgd"])


def test_a_small_network_is_not_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "available_bytes", lambda: 1000)
    with pytest.raises(UserError, match="are free; end other programs, or raise the limit of this one"):
        Session().load(Experiment())


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is not kept everywhere")
def test_a_limit_of_the_process_counts(tmp_path: Path) -> None:
    """Two layers of 5,000 need 2 GB; the process may not have them, whatever the machine has."""
    file = tmp_path / "large.toml"
    file.write_text("[[model.layers]]\nunits = 5000\n[[model.layers]]\nunits = 5000\n")
    code = (
        "import resource, sys; from tui_trainer.cli.main import main; from tui_trainer.training.session import Session;"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize();"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 600_000_000, -1)); sys.exit(main(['train', sys.argv[1]]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, str(file)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ended.returncode == 2, ended.stderr
    assert "parameters take 1.2 GB in training with sgd" in ended.stderr and "are free" in ended.stderr
    assert ended.stderr.count("\n") == 1
