"""``README.txt``: what is in the folder of a run, and how each file is used."""

from __future__ import annotations

from collections.abc import Collection

from tui_trainer import __version__

from .trained import Trained

FILES = {
    "experiment.toml": """\
Data, network and training, as they were set up. Opens in the app, and trains again:
    tui-trainer experiment.toml
    tui-trainer train experiment.toml""",
    "weights.safetensors": """\
The weights: 0.weight, 0.bias and so on, as torch.nn.Sequential names them; a weight is (units, inputs).
To begin another run with them:
    tui-trainer train experiment.toml --weights weights.safetensors""",
    "model.json": """\
What predictions need besides: the features in their order with the mean and the scale that standardize
them, x = (raw - mean) / scale, and the names of the classes.""",
    "model_pytorch.py": """\
The network in PyTorch, with weights.safetensors and model.json beside it. pip install torch safetensors
    from model_pytorch import predict
    predict(x)      x: features as they are in the data, (n, {features})""",
    "model_keras.py": """\
The same for Keras 3. pip install keras safetensors, and a backend such as torch
    from model_keras import predict
    predict(x)""",
    "model.onnx": """\
The same as a graph for ONNX runtimes. pip install onnxruntime
    session = onnxruntime.InferenceSession("model.onnx")
    session.run(["outputs"], {{"features": x}})      x: float64, (n, {features}), as they are in the data""",
    "history.csv": "The values of every epoch, one row each.",
    "loss.svg": "The loss as a figure, for a page or a paper.",
    "loss.txt": "The same in characters.",
}


def readme_text(trained: Trained, files: Collection[str]) -> str:
    """The text for a folder that holds ``files``."""
    target, inputs = trained.target, trained.inputs
    which = "the best epoch" if trained.best else "the last update"
    outputs = trained.resolved.model.output.units
    meaning = f"{outputs} probabilities or scores: {', '.join(target.classes)}" if target.classes else "a number"
    if target.classes and outputs == 1:
        meaning = f"one number near 0 for {target.classes[0]}, near 1 for {target.classes[1]}"
    lines = [
        f"{trained.experiment.name}, a network trained with tui-trainer {__version__}",
        "",
        f"Weights of {which}: epoch {trained.epoch:,}. The run: {trained.state}, {trained.steps:,} steps.",
        f"Features, in this order: {', '.join(inputs.names)}.",
        f"It predicts {trained.target_name}: {meaning}.",
    ]
    for name, text in FILES.items():
        if name in files:
            lines += ["", name, *(f"  {line}" for line in text.format(features=len(inputs.names)).splitlines())]
    python = ["    from tui_trainer import Run", '    run = Run.load("this folder")', "    run.predict(x)"]
    lines += ["", "All of it again, in Python:", *python]
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in "\n".join(lines)) + "\n"
