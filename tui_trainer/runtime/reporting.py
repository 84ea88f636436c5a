"""Turns a session into reports."""

from __future__ import annotations

from .protocol import AnyContent, Curve, DatasetView, Ended, Loaded, Progress, Seen, SummaryRow, pack
from .session import Session, training_rows

PREVIEW_ROWS = 5000  # of a dataset, for the table and the scatter
MOST_WEIGHTS = 64  # told with each progress
CURVES = ("loss", "val_loss")


def loaded(session: Session, run: int) -> Loaded:
    """What was loaded: the resolved experiment, the data and the model."""
    dataset, model = session.dataset, session.trainer.model
    train, validation = training_rows(session.split)
    view = DatasetView(
        name=dataset.name,
        title=dataset.title,
        features=dataset.features,
        target=dataset.target,
        task=dataset.task,
        classes=dataset.classes,
        rows=len(dataset.x),
        train_rows=train,
        validation_rows=validation,
        available=tuple(dataset.columns),
        columns={name: pack(values[:PREVIEW_ROWS]) for name, values in dataset.columns.items()},
    )
    return Loaded(
        run=run,
        experiment=session.experiment,
        dataset=view,
        layers=tuple(SummaryRow(*row) for row in session.summary()),
        params=model.count_params(),
        size=model.count_params() * model.dtype.itemsize,
        summary=model.summary(),
    )


def progress(session: Session, run: int, with_curves: bool) -> Progress:
    """Where the session is; the curves only where they are looked at."""
    trainer = session.trainer
    running = session.state == "running"
    speed = session.pace.steps_per_second if running else 0.0
    left = (session.epochs_wanted - trainer.epochs) * trainer.steps_per_epoch - trainer.position
    return Progress(
        run=run,
        state=session.state,
        epoch=trainer.epochs,
        epochs=session.epochs_wanted,
        batch=trainer.position,
        batches=trainer.steps_per_epoch,
        steps=trainer.steps,
        steps_per_second=speed,
        seconds_left=left / speed if speed else None,
        learning_rate=trainer.optimizer.learning_rate,
        values=session.values,
        weights=_weights(session),
        curves=_curves(session) if with_curves else None,
    )


def _weights(session: Session) -> bytes:
    """The parameters of a model that is small enough to be looked at number by number."""
    parameters = session.trainer.model.parameters.flat
    return pack(parameters) if len(parameters) <= MOST_WEIGHTS else b""


def seen(session: Session, run: int, content: AnyContent) -> Seen:
    """What a view shows at this step."""
    return Seen(run=run, steps=session.steps, content=content)


def _curves(session: Session) -> tuple[Curve, ...]:
    """Training and validation loss over epochs, and the loss of each step, in epochs too."""
    curves = [Curve(name, *map(pack, session.history.curve(name))) for name in CURVES]
    steps, losses = session.history.steps.points()
    curves.append(Curve("batch_loss", pack(steps / session.trainer.steps_per_epoch), pack(losses)))
    return tuple(curve for curve in curves if curve.x)


def ended(session: Session, run: int) -> Ended:
    """Why training ended by itself."""
    return Ended(run=run, state=session.state, sentence=session.sentence, remedy=session.remedy)
