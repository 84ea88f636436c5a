"""Writes what is taken away into a folder: whole files or none, and never over something that is there."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tui_trainer.errors import ExperimentError, quoted
from tui_trainer.experiment.toml_file import dumps

from .history_csv import history_csv
from .keras_program import keras_program
from .loss_svg import loss_svg
from .loss_text import loss_text
from .metadata import metadata_text
from .onnx import check_onnx, onnx_bytes, onnx_is_there
from .pytorch import pytorch_program
from .readme_text import readme_text
from .trained import Trained
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


def write_folder(
    trained: Trained, folder: Path, formats: Iterable[str] = ("folder",), force: bool = False, insist: str = ""
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
            raise ExperimentError("", f"{quoted(str(nearest), _PATH_LENGTH)} is a file; give the path of a folder")
        if not os.access(nearest, os.W_OK | os.X_OK):
            raise ExperimentError(
                "", f"{quoted(str(nearest), _PATH_LENGTH)} can't be written to; choose another folder"
            )
        there = [name for name in names if os.path.lexists(folder / name)]
    if "model.onnx" in names:
        check_onnx()
    if there and not force:
        otherwise = f", or overwrite with {insist}" if insist else ""
        raise ExperimentError("", f"{shown} has {_listed(there)} already; choose another folder{otherwise}")


@contextlib.contextmanager
def _in_sentences(folder: Path) -> Iterator[None]:
    """What goes wrong with a folder as an ExperimentError."""
    shown = quoted(str(folder), _PATH_LENGTH)
    try:
        yield
    except ExperimentError:
        raise
    except OSError as error:
        raise ExperimentError("", f"{shown} can't be written: {error.strerror or error}") from error
    except ValueError as error:  # a null character, say
        raise ExperimentError("", f"{shown} is not a path: {error}") from error


def _names(formats: Iterable[str]) -> list[str]:
    names: list[str] = []
    for name in dict.fromkeys(formats):
        if name == "folder":
            all_there_is = [one for one in FORMATS if one != "onnx" or onnx_is_there()]
            names += ["experiment.toml", *(file for one in all_there_is for file in FORMATS[one]), "README.txt"]
        else:
            names += FORMATS[name]
    return list(dict.fromkeys(names))


def _content(name: str, trained: Trained, names: list[str]) -> bytes:
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
