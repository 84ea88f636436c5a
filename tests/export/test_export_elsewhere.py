"""PyTorch, Keras and onnxruntime load the exports and say what we say, to 1e-6 of the largest output.

The features go in as they are in the data. Each test runs where its library is installed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from trained_runs import ACTIVATIONS, UGLY, rich, run_on, session_of

from tui_trainer import Run
from tui_trainer.experiment.schema import Experiment, OptimizerConfig, OutputConfig
from tui_trainer.export.folder import write_folder
from tui_trainer.export.predictions import predict_file
from tui_trainer.export.trained import trained
from tui_trainer.training.session import Session

TOLERANCE = 1e-6
DATASETS = ("boston", "breast_cancer", "digits")  # a number, two classes, ten
LOSSES = ("sum_squared_error", "mean_squared_error", "mean_absolute_error", "huber")
OPTIMIZERS = (
    OptimizerConfig("sgd", momentum=0.9, nesterov=True),
    OptimizerConfig("rmsprop", rho=0.8),
    OptimizerConfig("adagrad"),
    OptimizerConfig("adam", beta_1=0.8),
    OptimizerConfig("adamw", weight_decay=0.02),
    OptimizerConfig("nadam"),
)


def missing(*names: str) -> str:
    """Which of the libraries are not there."""
    return ", ".join(name for name in names if importlib.util.find_spec(name) is None)


def needs(*names: str) -> pytest.MarkDecorator:
    """Skip where one of the libraries is not installed."""
    return pytest.mark.skipif(bool(missing(*names)), reason=f"not installed: {missing(*names)}")


def experiments() -> list[Experiment]:
    """Every activation on every kind of target, double precision, and standardized targets with and without shift."""
    each = [rich(activation, dataset) for activation in ACTIVATIONS for dataset in DATASETS]
    double = [replace(one, model=replace(one.model, dtype="float64")) for one in each[:2]]
    scaled = [standardized(rich("tanh"), OutputConfig(activation=name)) for name in ("linear", "relu")]
    several = replace(scaled[0], dataset=replace(scaled[0].dataset, target=("PRICE", "NOX")))
    return [*each, *double, *scaled, several]


def standardized(experiment: Experiment, output: OutputConfig) -> Experiment:
    """The same with another output, on a standardized target."""
    dataset = replace(experiment.dataset, standardize_target=True)
    return replace(experiment, dataset=dataset, model=replace(experiment.model, output=output))


def write_all(folder: Path, formats: tuple[str, ...]) -> list[np.ndarray]:
    """Export each of the experiments, with the raw features beside it; what we say of them."""
    said = []
    for number, experiment in enumerate(experiments()):
        session = session_of(experiment)
        assert session.state == "finished"
        result = trained(session)
        write_folder(result, folder / str(number), formats)
        np.save(folder / str(number) / "x.npy", session.dataset.x)
        outputs = session.trainer.model.predict(result.inputs.standardized(session.dataset.x))
        said.append(result.target_scale.restore(outputs))
    return said


def worst(said: list[np.ndarray], found: list[np.ndarray]) -> float:
    """The largest difference, as a part of the largest output of its network, or of 1."""
    assert len(said) == len(found) > 0
    return max(
        float(np.abs(ours - theirs).max() / max(1.0, np.abs(ours).max()))
        for ours, theirs in zip(said, found, strict=True)
    )


def run_programs(folder: Path, count: int, program: str, before: str = "") -> list[np.ndarray]:
    """What each folder's program predicts, all in one process of its own, after ``before``."""
    script = (
        f"{before}"
        "import runpy, sys, numpy as np\n"
        "for number in range(int(sys.argv[2])):\n"
        "    place = f'{sys.argv[1]}/{number}'\n"
        f"    said = runpy.run_path(f'{{place}}/{program}')['predict'](np.load(f'{{place}}/x.npy'))\n"
        "    np.save(f'{place}/said.npy', np.asarray(said))\n"
    )
    environment = {"KERAS_BACKEND": "torch", **os.environ}
    subprocess.run([sys.executable, "-c", script, str(folder), str(count)], check=True, env=environment)
    return [np.load(folder / str(number) / "said.npy") for number in range(count)]


@pytest.mark.parametrize(
    "library",
    [
        pytest.param("pytorch", marks=needs("torch", "safetensors")),
        pytest.param("keras", marks=needs("keras", "torch")),
    ],
)
def test_the_exported_programs_predict_the_same(library: str, tmp_path: Path) -> None:
    said = write_all(tmp_path, (library,))
    difference = worst(said, run_programs(tmp_path, len(said), f"model_{library}.py"))
    print(f"{library}: {difference:.2g}")
    assert difference < TOLERANCE


def test_one_file_in_numpy_alone_predicts_the_same(tmp_path: Path) -> None:
    said = write_all(tmp_path, ("numpy",))
    blocked = "import sys\nfor name in ('tui_trainer', 'safetensors', 'pandas'):\n    sys.modules[name] = None\n"
    found = run_programs(tmp_path, len(said), "model_numpy.py", blocked)
    assert worst(said, found) < TOLERANCE
    doubles = [place for place, outputs in enumerate(said) if experiments()[place].model.dtype == "float64"]
    assert worst([said[place] for place in doubles], [found[place] for place in doubles]) < 1e-12


def test_one_file_in_numpy_alone_names_classes(tmp_path: Path) -> None:
    import runpy

    for dataset in ("iris", "breast_cancer"):
        session = session_of(rich("tanh", dataset))
        write_folder(trained(session), tmp_path / dataset, ("numpy",))
        named = runpy.run_path(str(tmp_path / dataset / "model_numpy.py"))["classes"](session.dataset.x)
        assert named.tolist() == Run.of_session(session).classes(session.dataset.x).tolist()
    write_folder(trained(session_of(rich("tanh"))), tmp_path / "boston", ("numpy",))
    with pytest.raises(ValueError, match="the target is a number and has no classes"):
        runpy.run_path(str(tmp_path / "boston" / "model_numpy.py"))["classes"](np.zeros((1, 13)))


@needs("onnx", "onnxruntime")
def test_onnxruntime_predicts_the_same(tmp_path: Path) -> None:
    import onnxruntime  # type: ignore[import-not-found, unused-ignore]

    said, found = write_all(tmp_path, ("onnx",)), []
    for number in range(len(said)):
        session = onnxruntime.InferenceSession(str(tmp_path / str(number) / "model.onnx"))
        (outputs,) = session.run(["outputs"], {"features": np.load(tmp_path / str(number) / "x.npy")})
        found.append(outputs)
    difference = worst(said, found)
    print(f"onnxruntime: {difference:.2g}")
    assert difference < TOLERANCE
    properties = session.get_modelmeta().custom_metadata_map
    assert len(json.loads(properties["features"])) == session.get_inputs()[0].shape[1]


@pytest.mark.parametrize(
    "library",
    [
        pytest.param("pytorch", marks=needs("torch", "safetensors")),
        pytest.param("keras", marks=needs("keras", "torch")),
        "numpy",
        pytest.param("onnx", marks=needs("onnx", "onnxruntime")),
    ],
)
def test_the_exports_take_the_columns_of_a_file(library: str, tmp_path: Path) -> None:
    """Dates, units, gaps and categories as texts, and the prediction in the target's own unit."""
    _, model = run_on(tmp_path, UGLY, missing="fill", missing_marks=("-999",))
    write_folder(model, tmp_path, (library,))
    script = (
        "import runpy, sys, numpy as np, pandas as pd\n"
        "folder, library = sys.argv[1:]\n"
        "table = pd.read_csv(f'{folder}/own.csv', sep=';', dtype=str)\n"
        "if library == 'onnx':\n"
        "    import onnxruntime\n"
        "    x = runpy.run_path(f'{folder}/model_features.py')['features'](table)\n"
        "    (said,) = onnxruntime.InferenceSession(f'{folder}/model.onnx').run(['outputs'], {'features': x})\n"
        "else:\n"
        "    said = runpy.run_path(f'{folder}/model_{library}.py')['predict'](table)\n"
        "np.save(f'{folder}/said.npy', np.asarray(said))\n"
    )
    environment = {"KERAS_BACKEND": "torch", **os.environ}
    subprocess.run([sys.executable, "-c", script, str(tmp_path), library], check=True, env=environment)
    assert worst([predict_file(model, str(tmp_path / "own.csv")).outputs], [np.load(tmp_path / "said.npy")]) < TOLERANCE


@needs("torch", "safetensors")
@pytest.mark.parametrize("number", range(len(OPTIMIZERS)))
def test_pytorch_trains_on_as_we_do(number: int, tmp_path: Path) -> None:
    """The loss with its penalty, and the optimizer: ten steps of the full batch, from the exported weights."""
    import runpy

    import torch  # type: ignore[import-not-found, unused-ignore]

    experiment = without_dropout(rich("tanh"), LOSSES[number % len(LOSSES)], OPTIMIZERS[number])
    ours = session_of(experiment)
    result = trained(ours)
    write_folder(result, tmp_path, ("pytorch",))
    program = runpy.run_path(str(tmp_path / "model_pytorch.py"))
    assert "model.train(), model[1].eval(), and then" in (tmp_path / "model_pytorch.py").read_text()
    program["model"].train()
    program["model"][1].eval()
    session = Session()  # from the exported weights, with an optimizer that knows nothing yet
    session.load(experiment)
    session.set_weights(ours.trainer.model.parameters.flat)
    x = ours.dataset.x[ours.split.train_rows]
    y = torch.tensor(ours.split.y_train)
    for _ in range(10):
        program["optimizer"].zero_grad()
        loss = program["loss"](program["model"](program["standardize"](x)), y)
        loss.backward()
        program["optimizer"].step()
        assert loss.item() == pytest.approx(session.trainer.step(), rel=1e-9)
    gamma, mean = session.trainer.model.get_weights()[7:10:2]  # of the second layer, which has no bias
    np.testing.assert_allclose(program["model"][4].weight.detach().numpy(), gamma, rtol=1e-6)
    np.testing.assert_allclose(program["model"][4].running_mean.numpy(), mean, rtol=1e-6)


def without_dropout(experiment: Experiment, loss: str, optimizer: OptimizerConfig) -> Experiment:
    """One that is the same each time: full batches in double precision."""
    model = experiment.model
    layers = tuple(
        replace(layer, dropout=0.0, batch_norm=True, trainable=number > 0) for number, layer in enumerate(model.layers)
    )  # the first one is frozen
    rate = 1e-5 if loss == "sum_squared_error" else 1e-3
    training = replace(
        experiment.training,
        loss=loss,  # type: ignore[arg-type]
        optimizer=optimizer,
        batch_size="full",
        learning_rate=rate,
    )
    return replace(
        experiment, model=replace(model, layers=layers, dtype="float64", input_dropout=0.0), training=training
    )


@needs("torch", "safetensors")
@pytest.mark.parametrize("dataset", ["breast_cancer", "iris"])
def test_the_cross_entropies_are_ours(dataset: str, tmp_path: Path) -> None:
    import runpy

    import torch  # type: ignore[import-not-found, unused-ignore]

    session = session_of(without_dropout(rich("relu", dataset), "logistic", OptimizerConfig()))
    write_folder(trained(session), tmp_path, ("pytorch",))
    program, parts = runpy.run_path(str(tmp_path / "model_pytorch.py")), session.split
    outputs = program["model"](torch.tensor(parts.x_train))
    loss = program["loss"](outputs, torch.tensor(parts.y_train)).item()
    assert loss == pytest.approx(session.trainer.evaluate(parts.x_train, parts.y_train)["loss"], rel=1e-9)
