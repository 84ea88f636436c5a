"""Writes exports into a folder: complete files or none, and nothing is overwritten unless the user insists.

``README.txt`` says what is in the folder, and how each file is used.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path

from tui_trainer.errors import UserError, path_in_quotes, quoted
from tui_trainer.experiment.toml_file import dumps, is_experiment, with_path_from
from tui_trainer.files import holds_predictions, reason_to_keep
from tui_trainer.formats import format_counted
from tui_trainer.system.files import reason_of, replace
from tui_trainer.training.history import EPOCH
from tui_trainer.version import __version__

from .again import data_bytes, keras_training, pytorch_training
from .figures import loss_svg, loss_text
from .keras import keras_program
from .metadata import history_csv, metadata_text
from .numpy import numpy_program
from .onnx import check_onnx, onnx_bytes, onnx_is_there
from .predictions import parts_csv
from .pytorch import pytorch_program
from .trained import TrainedModel
from .weights import to_tensors, weights_bytes

WEIGHTS, ABOUT, PREDICTIONS = "weights.safetensors", "model.json", "predictions.csv"
FEATURES = "model_features.py"
FORMATS: dict[str, tuple[str, ...]] = {
    "keras": ("model_keras.py", FEATURES, WEIGHTS, ABOUT),
    "pytorch": ("model_pytorch.py", FEATURES, WEIGHTS, ABOUT),
    "numpy": ("model_numpy.py",),
    "onnx": ("model.onnx", FEATURES, ABOUT),
    "csv": ("history.csv",),
    "predictions": (PREDICTIONS,),
    "svg": ("loss.svg",),
    "txt": ("loss.txt",),
}
# Programs that train again, not in a whole folder: with them go the data.
AGAIN: dict[str, tuple[str, ...]] = {
    "train_keras": ("train_keras.py", "data.npz"),
    "train_pytorch": ("train_pytorch.py", "data.npz"),
}
# In place of the sentence below, for a run so long that not all of its epochs are kept.
KEPT_EPOCHS = """\
The values of the newest epochs, and of those before them the ones in which a value was lowest or highest; one row
each, with the number of its epoch."""
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
them, x = (raw - mean) / scale, those of the target, and the names of the classes.""",
    "model_pytorch.py": """\
The network in PyTorch, with weights.safetensors and model.json beside it. pip install torch safetensors
    from model_pytorch import predict
    predict(table)  a data frame with the columns of the data, or columns by name, or features (n, {features})""",
    "model_features.py": """\
The features from columns as they are in the data: dates, categories, gaps. The programs use it. pip install numpy
    from model_features import features
    x = features(table)      float64, (n, {features})""",
    "model_keras.py": """\
The same for Keras 3. pip install keras safetensors, and a backend such as torch
    from model_keras import predict
    predict(table)""",
    "model_numpy.py": """\
The network in NumPy alone; the file needs no other one. pip install numpy
    from model_numpy import predict
    predict(table)""",
    "model.onnx": """\
The same as a graph for ONNX runtimes. pip install onnxruntime
    session = onnxruntime.InferenceSession("model.onnx")
    session.run(["outputs"], {{"features": x}})      x: from model_features.py, or features (n, {features})""",
    "history.csv": "The values of every epoch, one row each.",
    "predictions.csv": """\
What the network predicts for every row of the data, in their order: the part, training or validation, the line in
the file (or the row, from 0), what tells the row apart, the target, the prediction in the target's own unit, and for
classes the probability of each. For new rows:
    tui-trainer predict FOLDER NEW.csv""",
    "loss.svg": "The loss as a figure, for a page or a paper.",
    "loss.txt": "The same in characters.",
}


# How each file begins, or what is in its beginning; a file without it is not one of ours
OURS: dict[str, Callable[[bytes], bool]] = {
    "experiment.toml": is_experiment,
    "history.csv": lambda start: start.startswith(b"epoch"),
    "predictions.csv": holds_predictions,
    "README.txt": lambda start: b"trained with tui-trainer" in start,
    "model.json": lambda start: start.lstrip().startswith(b"{"),
    "weights.safetensors": lambda start: start[8:9] == b"{",
    "model_keras.py": lambda start: b"def predict" in start,
    "model_pytorch.py": lambda start: b"def predict" in start,
    "model_numpy.py": lambda start: b"def predict" in start or b"in NumPy alone" in start,
    "train_keras.py": lambda start: b"Trains a network of tui-trainer again" in start,
    "train_pytorch.py": lambda start: b"Trains a network of tui-trainer again" in start,
    "data.npz": lambda start: start.startswith(b"PK"),
    "model_features.py": lambda start: b"The features of a network" in start,
    "loss.svg": lambda start: b"<svg" in start,
}


def write_folder(
    trained: TrainedModel, folder: Path, formats: Iterable[str] = ("folder",), force: bool = False, insist: str = ""
) -> list[str]:
    """Write the files of ``formats`` into ``folder``, which is created if necessary; return their names.

    The format ``folder`` means all files, model.onnx only if the package for it is installed, and predictions.csv only
    with the data of the run at hand. Raises UserError, with nothing written, if one of the files exists, unless
    ``force`` is true, if a package is missing or has no such optimizer, or the folder can't be written. ``insist`` is
    the option that overwrites, for the message; empty if there is none.
    """
    chosen = list(dict.fromkeys(formats))
    if trained.data is None and "predictions" in chosen:
        raise UserError("formats", "a loaded run has no data to predict; use Run.predict, or tui-trainer predict")
    if trained.data is None and set(AGAIN) & set(chosen):
        raise UserError("formats", "a loaded run has no data to train on again; export it from the app or the store")
    if "train_keras" in chosen and trained.resolved.training.optimizer.name == "lbfgs":
        raise UserError("formats", "Keras has no L-BFGS to train again with; choose train_pytorch")
    names = [name for name in _names(chosen) if name != PREDICTIONS or trained.data is not None]
    check_folder(folder, chosen, force, insist, trained.experiment.dataset.paths)
    contents = {name: _content(name, trained, names) for name in names}
    with _user_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _write_all(folder, contents)
    return names


def check_folder(
    folder: Path, formats: Iterable[str], force: bool = False, insist: str = "", data_files: Sequence[str] = ()
) -> None:
    """Raise UserError if ``write_folder`` would; to be called before a training rather than after it.

    The ``data_files`` in use and files that no export has written are never overwritten.
    """
    names, quoted_path = _names(formats), path_in_quotes(folder)
    with _user_errors(folder):
        there = ((path, mode) for path in (folder, *folder.absolute().parents) if (mode := _mode(path)))
        nearest, mode = next(there, (folder, 0))
        if not mode:  # on Windows
            raise UserError("", f"{quoted_path} is on a drive that is not there; choose another folder")
        if not stat.S_ISDIR(mode):
            raise UserError("", f"{path_in_quotes(nearest)} is a file; give the path of a folder")
        if not os.access(nearest, os.W_OK | os.X_OK):
            raise UserError("", f"{path_in_quotes(nearest)} can't be written to; choose another folder")
        existing = [name for name in names if os.path.lexists(folder / name)]
    if "model.onnx" in names:
        check_onnx()
    if existing and not force:
        remedy = f", or overwrite with {insist}" if insist else ""
        raise UserError("", f"{quoted_path} has {_listed(existing)} already; choose another folder{remedy}")
    for name in existing:
        reason = reason_to_keep(folder / name, data_files, OURS.get(name, bool), overwrite=True)
        if reason:
            raise UserError("", f"{path_in_quotes(folder / name)} {reason}")


def _mode(path: Path) -> int:
    """Return the mode of what is at ``path``; 0 if there is nothing. Raises OSError if that can't be found out."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0


@contextlib.contextmanager
def _user_errors(folder: Path) -> Iterator[None]:
    """Turn errors of the file system into UserErrors."""
    quoted_path = path_in_quotes(folder)
    try:
        yield
    except UserError:
        raise
    except OSError as error:
        raise UserError("", f"{quoted_path} can't be written: {reason_of(error)}") from error
    except ValueError as error:  # such as a null character
        raise UserError("", f"{quoted_path} is not a path: {error}") from error


def _names(formats: Iterable[str]) -> list[str]:
    names: list[str] = []
    for name in dict.fromkeys(formats):
        if name == "folder":
            available = [format_name for format_name in FORMATS if format_name != "onnx" or onnx_is_there()]
            names += [
                "experiment.toml",
                *(file for format_name in available for file in FORMATS[format_name]),
                "README.txt",
            ]
        elif name in FORMATS or name in AGAIN:
            names += FORMATS.get(name) or AGAIN[name]
        else:
            raise UserError(
                "formats", f"expected some of: {', '.join(('folder', *FORMATS, *AGAIN))}; got {quoted(str(name))}"
            )
    return list(dict.fromkeys(names))


def _content(name: str, trained: TrainedModel, names: list[str]) -> bytes:
    if name == WEIGHTS:
        return weights_bytes(to_tensors(trained.resolved, len(trained.inputs.features), trained.weights))
    if name == "model.onnx":
        return onnx_bytes(trained)
    if name == "data.npz":
        return data_bytes(trained)
    if name == PREDICTIONS and trained.data is not None:
        return parts_csv(trained, *trained.data)
    texts: dict[str, Callable[[], str]] = {
        "experiment.toml": lambda: dumps(with_path_from(trained.experiment)),
        "model_keras.py": lambda: keras_program(trained),
        "model_pytorch.py": lambda: pytorch_program(trained),
        "train_keras.py": lambda: keras_training(trained),
        "train_pytorch.py": lambda: pytorch_training(trained),
        "model_numpy.py": lambda: numpy_program(trained),
        FEATURES: lambda: Path(__file__).with_name(FEATURES).read_text(encoding="utf-8"),
        ABOUT: lambda: metadata_text(trained),
        "history.csv": lambda: history_csv(trained.history),
        "loss.svg": lambda: loss_svg(trained.history, trained.experiment.name),
        "loss.txt": lambda: loss_text(trained.history),
        "README.txt": lambda: readme_text(trained, names),
    }
    return texts[name]().encode()


def _write_all(folder: Path, contents: dict[str, bytes]) -> None:
    """Write each file beside its final path and then rename it, so that a reader sees the old file or the new."""
    suffix = secrets.token_hex(4)
    temporary = {name: folder / f".{name}.{suffix}" for name in contents}
    try:
        for name, content in contents.items():
            temporary[name].write_bytes(content)
        for name in contents:
            replace(temporary[name], folder / name)
    finally:
        for path in temporary.values():
            path.unlink(missing_ok=True)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more files" if len(names) > 3 else "")


def readme_text(trained: TrainedModel, files: Collection[str]) -> str:
    """Return the text for a folder with ``files``."""
    target, inputs = trained.target, trained.inputs
    which = "the best epoch" if trained.best else "the last update"
    outputs = trained.resolved.model.output.units
    meaning = f"{outputs} probabilities or scores: {', '.join(target.classes)}" if target.classes else "a number"
    if trained.preparation.targets:
        meaning = f"{outputs} numbers, in this order"
    if target.classes and outputs == 1:
        meaning = f"one number near 0 for {target.classes[0]}, near 1 for {target.classes[1]}"
    steps = format_counted(trained.steps, "step")
    lines = [
        f"{trained.experiment.name}, a network trained with tui-trainer {__version__}",
        "",
        f"Weights of {which}: epoch {trained.epoch:,}. The run: {trained.state}, {steps}.",
        f"Features, in this order: {', '.join(inputs.names)}.",
        f"It predicts {trained.preparation.target}: {meaning}.",
    ]
    told = {**FILES, "history.csv": KEPT_EPOCHS} if EPOCH in trained.history else FILES
    for name, text in told.items():
        if name in files:
            lines += ["", name, *(f"  {line}" for line in text.format(features=len(inputs.names)).splitlines())]
    python = ["    from tui_trainer import Run", '    run = Run.load("this folder")', "    run.predict(x)"]
    lines += ["", "All of it again, in Python:", *python]
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in "\n".join(lines)) + "\n"
