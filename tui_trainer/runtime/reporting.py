"""Turns a session into reports."""

from __future__ import annotations

import numpy as np

from tui_trainer.datasets.dataset import Dataset
from tui_trainer.datasets.split import reading_sentence
from tui_trainer.protocol import DatasetView, Ended, Loaded, Progress, SummaryRow, pack
from tui_trainer.training.diagnosis import largest_class
from tui_trainer.training.doctor import dead_units
from tui_trainer.training.session import Session
from tui_trainer.training.timeline import Moment

PREVIEW_ROWS = 5000  # of a dataset, for the table and the scatter
NAMED_ROWS = 1000  # in the table
PREVIEW_CELLS = 400_000
PREVIEW_COLUMNS = 200
MAX_WEIGHTS = 64  # reported with each progress


def _notes(session: Session) -> tuple[str, ...]:
    """Return what was read from the user's file, and what was done with it."""
    if session.experiment.dataset.path is None:
        return session.dataset.notes
    return (f"{reading_sentence(session.dataset, session.split)}.", *session.dataset.notes)


def loaded(session: Session, run: int) -> Loaded:
    """Return the report on what was loaded: the resolved experiment, the data and the model."""
    dataset, model = session.dataset, session.trainer.model
    parts = session.split
    columns = _shown(dataset)
    named = min(NAMED_ROWS, len(dataset.x))
    rows = min(PREVIEW_ROWS, PREVIEW_CELLS // len(columns))
    target = parts.target
    scales = () if target.is_none else tuple(zip(target.mean.tolist(), target.scale.tolist(), strict=True))
    view = DatasetView(
        name=dataset.name,
        title=dataset.title,
        features=dataset.features,
        target=dataset.targets[0],
        targets=dataset.targets,
        task=dataset.task,
        classes=dataset.classes,
        rows=len(dataset.x),
        train_rows=len(parts.x_train),
        validation_rows=0 if parts.x_val is None else len(parts.x_val),
        test_rows=len(parts.test_rows),
        available=columns,
        columns={name: pack(dataset.columns[name][:rows]) for name in columns},
        levels={name: dataset.levels[name] for name in columns if name in dataset.levels},
        notes=_notes(session),
        largest_class=largest_class(session),
        row_heading=dataset.rows.heading,
        row_column=dataset.rows.column,
        row_numbers=pack(np.array([dataset.rows.number(row) for row in range(named)])),
        row_names=tuple(map(dataset.rows.name, range(named))) if dataset.rows.column else (),
        target_scale=scales[0] if scales else None,
        target_scales=scales,
        pixels=session.pixels(),
    )
    return Loaded(
        run=run,
        experiment=session.experiment,
        dataset=view,
        layers=tuple(SummaryRow(*row) for row in session.summary()),
        params=model.count_params(),
        size=model.count_params() * model.dtype.itemsize,
        summary=model.summary(),
        book_summary=model.summary("book"),
        flops=step_flops(session),
    )


def _shown(dataset: Dataset) -> tuple[str, ...]:
    """Return the columns to show: the first ones, including the targets."""
    names = tuple(dataset.columns)[:PREVIEW_COLUMNS]
    return (*names, *(name for name in dataset.targets if name not in names))


def step_flops(session: Session) -> int:
    """Return the floating-point operations in the matrix products of one step: forward, and twice that backward.

    The first layer needs no gradient of its inputs, one product less. Activations and the update are left out.
    """
    rows = session.experiment.training.samples_a_step(len(session.split.x_train))
    sizes = [layer.units * inputs for layer, inputs in session.trainer.model.dense]
    return 2 * rows * (3 * sum(sizes) - sizes[0])


def progress(
    session: Session,
    run: int,
    unsaved: str = "",
    moment: Moment | None = None,
    stored: int | None = None,
    counts_dead: bool = False,
) -> Progress:
    """Return the report on the session's progress, or on an earlier ``moment``.

    ``unsaved`` says why the run can't be saved now, ``stored`` is its number in the store. With ``counts_dead``
    the dead units of a run at rest are counted.
    """
    shown = session if moment is None else moment.session
    trainer = shown.trainer
    speed = shown.step_rate.steps_per_second if shown.state == "running" else 0.0
    return Progress(
        run=run,
        state=session.state,
        epoch=trainer.epochs,
        epochs=session.target_epochs,
        batch=trainer.position,
        batches=trainer.steps_per_epoch,
        steps=trainer.steps,
        steps_per_second=speed,
        seconds_left=shown.seconds_left,
        learning_rate=trainer.learning_rate,
        values=shown.values,
        weights=_weights(shown),
        unsaved=unsaved,
        dead_units=dead_units(shown) if counts_dead and session.state != "running" else (),
        now=None if moment is None else session.trainer.epochs,
        aside="" if moment is None else moment.sentence,
        stored=stored,
        weights_epoch=shown.weights_epoch,
    )


def _weights(session: Session) -> bytes:
    """Return the parameters of a small model; none for a large one."""
    parameters = session.trainer.model.parameters.flat
    return pack(parameters) if len(parameters) <= MAX_WEIGHTS else b""


def ended(session: Session, run: int, at_end: Progress) -> Ended:
    """Return the report on why training ended by itself, with its ``progress`` ``at_end``."""
    return Ended(
        run=run,
        state=session.state,
        sentence=session.sentence,
        remedy=session.remedy,
        progress=at_end,
    )
