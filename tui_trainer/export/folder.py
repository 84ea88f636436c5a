"""Writes what is taken away into a folder: whole files or none, and never over something that is there."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from tui_trainer.errors import UserError, quoted
from tui_trainer.experiment.toml_file import dumps
from tui_trainer.version import __version__

from .figures import loss_svg, loss_text
from .keras import keras_program
from .metadata import history_csv, metadata_text
from .onnx import check_onnx, onnx_bytes, onnx_is_there
from .pytorch import pytorch_program
from .trained import TrainedModel
from .weights import to_tensors, weights_bytes

WEIGHTS, ABOUT = "weights.safetensors", "model.json"
FORMATS: dict[str, tuple[str, ...]] = {
    "keras": ("model_keras.py", WEIGHTS, ABOUT),
    "pytorch": ("model_pytorch.py", WEIGHTS, ABOUT),
    "onnx": ("model.onnx",),
    "csv": ("history.csv",),
    "svg": ("loss.svg",),
    "txt": ("loss.txt",),
}
_PATH_LENGTH = 200
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


def write_folder(
    trained: TrainedModel, folder: Path, formats: Iterable[str] = ("folder",), force: bool = False, insist: str = ""
) -> list[str]:
    """Write the files of ``formats`` into ``folder``, made if need be; returns their names.

    ``folder`` as a format is all there is, model.onnx only where the package for it is installed. Raises
    ExperimentError, with nothing written, where one of the files is there already, unless ``force`` is true,
    where a package is missing, and where the folder can't be written. ``insist`` is how the caller's user
    overwrites, for the sentence; empty where there is no way.
    """
    names = _names(formats)
    check_folder(folder, formats, force, insist)
    contents = {name: _content(name, trained, names) for name in names}
    with _in_sentences(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _write_all(folder, contents)
    return names


def check_folder(folder: Path, formats: Iterable[str], force: bool = False, insist: str = "") -> None:
    """ExperimentError where ``write_folder`` would refuse: better known before a training than after it."""
    names, shown = _names(formats), quoted(str(folder), _PATH_LENGTH)
    with _in_sentences(folder):
        nearest = next(one for one in (folder, *folder.absolute().parents) if one.exists())
        if not nearest.is_dir():
            raise UserError("", f"{quoted(str(nearest), _PATH_LENGTH)} is a file; give the path of a folder")
        if not os.access(nearest, os.W_OK | os.X_OK):
            raise UserError("", f"{quoted(str(nearest), _PATH_LENGTH)} can't be written to; choose another folder")
        there = [name for name in names if os.path.lexists(folder / name)]
    if "model.onnx" in names:
        check_onnx()
    if there and not force:
        otherwise = f", or overwrite with {insist}" if insist else ""
        raise UserError("", f"{shown} has {_listed(there)} already; choose another folder{otherwise}")


@contextlib.contextmanager
def _in_sentences(folder: Path) -> Iterator[None]:
    """What goes wrong with a folder as an ExperimentError."""
    shown = quoted(str(folder), _PATH_LENGTH)
    try:
        yield
    except UserError:
        raise
    except OSError as error:
        raise UserError("", f"{shown} can't be written: {error.strerror or error}") from error
    except ValueError as error:  # a null character, say
        raise UserError("", f"{shown} is not a path: {error}") from error


def _names(formats: Iterable[str]) -> list[str]:
    names: list[str] = []
    for name in dict.fromkeys(formats):
        if name == "folder":
            all_there_is = [one for one in FORMATS if one != "onnx" or onnx_is_there()]
            names += ["experiment.toml", *(file for one in all_there_is for file in FORMATS[one]), "README.txt"]
        else:
            names += FORMATS[name]
    return list(dict.fromkeys(names))


def _content(name: str, trained: TrainedModel, names: list[str]) -> bytes:
    if name == WEIGHTS:
        return weights_bytes(to_tensors(trained.resolved, len(trained.inputs.features), trained.weights))
    if name == "model.onnx":
        return onnx_bytes(trained)
    texts: dict[str, Callable[[], str]] = {
        "experiment.toml": lambda: dumps(trained.experiment),
        "model_keras.py": lambda: keras_program(trained),
        "model_pytorch.py": lambda: pytorch_program(trained),
        ABOUT: lambda: metadata_text(trained),
        "history.csv": lambda: history_csv(trained.history),
        "loss.svg": lambda: loss_svg(trained.history, trained.experiment.name),
        "loss.txt": lambda: loss_text(trained.history),
        "README.txt": lambda: readme_text(trained, names),
    }
    return texts[name]().encode()


def _write_all(folder: Path, contents: dict[str, bytes]) -> None:
    """Each file first beside its place, so that whoever looks sees the old one or the new one, whole."""
    mark = secrets.token_hex(4)
    beside = {name: folder / f".{name}.{mark}" for name in contents}
    try:
        for name, content in contents.items():
            beside[name].write_bytes(content)
        for name in contents:
            os.replace(beside[name], folder / name)
    finally:
        for path in beside.values():
            path.unlink(missing_ok=True)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more files" if len(names) > 3 else "")


def readme_text(trained: TrainedModel, files: Collection[str]) -> str:
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
