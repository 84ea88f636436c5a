"""The command ``train``: trains without a screen, and prints the result as text or as one JSON object."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tui_trainer.console import (
    check_replaceable,
    check_writable,
    finite,
    format_values,
    lines_of_targets,
    train_to_end,
    write_text,
)
from tui_trainer.datasets.encoding import short_name
from tui_trainer.datasets.split import reading, reading_sentence
from tui_trainer.errors import DIVERGED, INTERRUPTED, UserError, escaped
from tui_trainer.experiment.schema import Experiment
from tui_trainer.export.metadata import history_csv
from tui_trainer.export.tensorboard import event_files
from tui_trainer.export.trained import load_weights
from tui_trainer.measures import R2_NEEDS, is_r2_undefined
from tui_trainer.store.checkpointer import LAST_PATIENCE, Checkpointer
from tui_trainer.store.store import default_path
from tui_trainer.system.terminal import as_argument
from tui_trainer.training.diagnosis import diagnose, largest_class
from tui_trainer.training.doctor import examine
from tui_trainer.training.session import Session

STORE_OWNER = "train"
MAX_LISTED = 6  # targets in a note
FEW_PARAMETERS = 12  # if there are more, their values are not printed


def train(
    experiment: Experiment,
    history: Path | None = None,
    as_json: bool = False,
    weights: Path | None = None,
    keep: bool = True,
    overwrite: bool = False,
    test: bool = False,
    tensorboard: Path | None = None,
) -> int:
    """Train ``experiment`` to its end; return the exit code.

    ``weights`` is a file of exported weights to start from; ``keep`` saves the run in the store, ``overwrite`` allows
    to replace an older ``history``. With ``test`` the scores of the test part are told, too, and the run notes that.
    ``tensorboard`` is a folder for event files.
    Raises UserError if something does not fit.
    """
    if history is not None:
        check_replaceable(history, "--history", experiment.dataset.paths, is_history, overwrite)
    session = Session(all_epochs=True)
    session.load(experiment)
    if test and not len(session.split.test_rows):
        raise UserError("--test", "no rows are held back for the test; add --set test_split=0.2")
    if not as_json:
        if experiment.dataset.path is not None:
            print(reading_sentence(session.dataset, session.split))
        for note in (*session.dataset.notes, *_target_note(session)):  # on how the user's file was interpreted
            print(note)
    if weights is not None:
        load_weights(session, weights)
    if history is not None:
        check_writable(history, "--history")
    started = time.perf_counter()
    session.train()
    interrupted, output_error = False, None
    try:
        with event_files(tensorboard, session, "--tensorboard") as follow:
            output_error = train_to_end(session, as_json, history is not None, follow)
    except KeyboardInterrupt:
        session.pause()
        interrupted = True
    seconds = time.perf_counter() - started
    if history is not None:
        write_history(session, history)
    if output_error is not None:
        raise output_error
    diagnose(session)
    result = summarize(session, seconds)
    if test and not interrupted:
        session.note_test_seen()
        result["test"] = session.trainer.evaluate(session.split.x_test, session.split.y_test, session.split.w_test)
    run = _save(session) if keep else None
    if run is not None:
        result["run"] = run
    print(json.dumps(finite(result), indent=2) if as_json else _sentences(session, result, interrupted))
    if interrupted:
        return INTERRUPTED
    return DIVERGED if session.state == "diverged" else 0


def _save(session: Session) -> int | None:
    """Save the run in the store and return its number; None where it has not begun, or with a sentence on why not."""
    checkpointer = Checkpointer(default_path(), STORE_OWNER)
    try:
        checkpointer.save(session, LAST_PATIENCE)
        if checkpointer.complaint:
            print(f"tui-trainer: {escaped(checkpointer.complaint)}", file=sys.stderr)
        return checkpointer.run if not checkpointer.is_behind else None
    finally:
        checkpointer.close()


def summarize(session: Session, seconds: float) -> dict[str, Any]:
    """Return the result of a run: state, counts, newest values, training scores, and the weights if they are few.

    ``warning`` says that the run has learnt nothing, ``findings`` are the doctor's where it has, ``remedy`` has the
    fields that help, and ``always`` the accuracy of always answering the largest class.
    """
    trainer, parts = session.trainer, session.split
    model = trainer.model
    result: dict[str, Any] = {
        "data": reading(session.dataset, parts),
        "state": session.state,
        "message": session.sentence,
        "epochs": trainer.epochs,
        "steps": trainer.steps,
        "seconds": round(seconds, 3),
        "parameters": model.count_params(),
        "values": session.values,
        "training": trainer.evaluate(parts.x_train, parts.y_train, parts.w_train),
    }
    if session.warning:
        result["warning"] = session.warning
    if session.remedy is not None:
        result["remedy"] = session.remedy.changes
    if session.remedy is None and (findings := examine(session)):  # else they are what follows from that
        result["findings"] = [
            {"rule": one.rule, "sentence": one.sentence, **({"remedy": one.remedy.changes} if one.remedy else {})}
            for one in findings
        ]
    if (always := largest_class(session)) is not None:
        result["always"] = {"class": always[0], "accuracy": always[1]}
    if parts.x_val is not None and parts.y_val is not None:
        result["validation"] = trainer.evaluate(parts.x_val, parts.y_val, parts.w_val)
    if session.best.weights is not None:
        result["best"] = {"epoch": session.best.epoch, session.best.monitor: session.best.value}
    if not parts.target.is_none:
        scales = [
            {"mean": mean, "deviation": deviation}
            for mean, deviation in zip(parts.target.mean.tolist(), parts.target.scale.tolist(), strict=True)
        ]
        result["target_scale"] = scales if parts.target.is_several else scales[0]
    if model.count_params() <= FEW_PARAMETERS:
        result["weights"] = [weights.tolist() for weights in model.get_weights()]
    return result


def _target_note(session: Session) -> tuple[str, ...]:
    """Return a note on the units of losses and metrics, if they differ."""
    target, names = session.split.target, list(map(short_name, session.dataset.targets))
    if target.is_none:
        return ()
    scales = [
        f"(mean {mean:.5g}, deviation {deviation:.5g})"
        for mean, deviation in zip(target.mean.tolist(), target.scale.tolist(), strict=True)
    ]
    if len(names) == 1:
        scale = f"{names[0]} is standardized for training {scales[0]}"
        return (f"{scale}: the loss is of that, MAE is in the unit of {names[0]}.",)
    listed = ", ".join(f"{name} {scale}" for name, scale in zip(names[:MAX_LISTED], scales, strict=False))
    more = f" and {len(names) - MAX_LISTED:,} more" if len(names) > MAX_LISTED else ""
    note = f"Each target is standardized by itself for training: {listed}{more}"
    return (f"{note}; the loss is of that, the MAE of each is in its own unit.",)


def is_history(start: bytes) -> bool:
    """Return whether a file begins as a history does."""
    return start.startswith(b"epoch")


def write_history(session: Session, path: Path) -> None:
    """Write one row per epoch, in the format of Keras's CSVLogger; raise UserError if the file can't be written."""
    write_text(path, "--history", history_csv(session.history.columns(0)))


def _sentences(session: Session, result: dict[str, Any], interrupted: bool) -> str:
    lines = ["Interrupted." if interrupted else session.sentence]
    if session.warning:
        lines.append(session.warning)
    if session.remedy is not None:
        lines.append(_try(session.remedy.changes))
    for finding in result.get("findings", ()):
        lines.append(" ".join((finding["sentence"], *([_try(finding["remedy"])] if "remedy" in finding else []))))
    if session.state == "diverged":
        lines.append("The weights from before the last update are kept.")
    lines.append(
        f"{result['steps']:,} steps in {result['seconds']:.2f} s; training: {format_values(result['training'])}"
    )
    targets = session.dataset.targets
    lines += lines_of_targets(result["training"], targets)
    if "val_accuracy" in result["values"]:
        always = result["always"]
        said = f"val_accuracy {result['values']['val_accuracy']:.1%}; always answering {short_name(always['class'])}"
        lines.append(f"{said} would score {always['accuracy']:.1%}")
    if "validation" in result:
        lines.append(f"validation: {format_values(result['validation'])}")
        lines += lines_of_targets(result["validation"], targets)
    if "test" in result:
        lines.append(f"test: {format_values(result['test'])}")
        lines += lines_of_targets(result["test"], targets)
    undefined = [part for part in ("training", "validation", "test") if is_r2_undefined(result.get(part, {}))]
    lines += [f"R² of the {part} part is not defined: {R2_NEEDS}" for part in undefined]
    if "best" in result:
        best = dict(result["best"])
        lines.append(f"best epoch: {best.pop('epoch'):,}  {format_values(best)}")
    if "run" in result:
        lines.append(f"saved as run {result['run']}: tui-trainer predict {result['run']} NEW.csv predicts with it")
    if "weights" in result:
        lines += _weight_lines(session)
    return "\n".join(lines)


def _try(changes: Mapping[str, bool | float | str]) -> str:
    """Return the changes that help, as options to add to the command; no full stop, which would be copied with them."""
    options = (f"--set {as_argument(f'{field}={_option(value)}')}" for field, value in changes.items())
    return f"Try it with {' '.join(options)}"


def _option(value: bool | float | str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() else str(value)


def _weight_lines(session: Session) -> list[str]:
    """Return the kernel and the bias of each layer of a small model, with the letters used in the book."""
    lines = []
    parameters = session.trainer.model.parameters
    for number, (kernel, bias) in enumerate(zip(parameters.kernels, parameters.biases, strict=True), start=1):
        layer = f" of layer {number}" if len(parameters.kernels) > 1 else ""
        lines.append(f"w{layer} = {', '.join(map(_weight, kernel.ravel()))}")
        if bias is not None:
            lines.append(f"b{layer} = {', '.join(map(_weight, bias))}")
    return lines


def _weight(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 1e6 else f"{value:.4e}"
