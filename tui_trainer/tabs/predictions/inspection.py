"""Computes what the predictions depend on: the importance of columns, the response to one, moved inputs, drawings."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.pixels import Ink, ink_of
from tui_trainer.datasets.preparation import most_likely, preparation_of
from tui_trainer.experiment.resolve import suitable_measures
from tui_trainer.protocol import Unavailable, pack, unpack
from tui_trainer.training.builder import build_model
from tui_trainer.training.inspection import (
    REPEATS,
    ImportanceOfRun,
    PermutationImportance,
    RawModel,
    columns_of,
    flips,
    grid_of,
    importance_of,
    measure_of_importance,
    responses,
)
from tui_trainer.training.session import Session

from .messages import (
    Importance,
    Input,
    Recognition,
    Response,
    WatchDrawing,
    WatchImportance,
    WatchWhatIf,
    WhatIf,
)

if TYPE_CHECKING:
    from .compute import Samples

Array = NDArray[Any]
SLICE, SLICE_AT_REST = 0.01, 0.04  # seconds of permuting at a time, while training and while nothing else is done
RESPONSE_ROWS = 300  # of which the mean response is taken
OWN_CURVES = 8  # rows whose own response is drawn
STEPS = 40  # from one end of a column to the other
MAX_INPUTS = 100  # listed: no screen has more rows
NO_PICTURE = "Nothing can be drawn: the columns are not the pixels of a picture."


class Inspection:
    """Inspects the network of one loaded run; importances are computed in slices, with the weights they began with.

    Of several targets everything is of ``output``, but for the loss, which they share.
    """

    def __init__(self, session: Session, output: int | None = None) -> None:
        self._session, dataset = session, session.dataset
        self._output = output
        self._columns = columns_of(dataset.inputs)
        self._names = tuple(self._columns)
        self._places = list(self._columns.values())
        inputs = preparation_of(dataset, session.split).inputs
        is_class, scale = dataset.labels is not None, session.split.target
        self._raw_model = RawModel(session.trainer.model, inputs, scale, is_class, output)
        self._measures = suitable_measures(session.experiment, dataset.task)
        self._usual = measure_of_importance(None, session.experiment, dataset.task)
        self._under_way: Permuting | None = None
        self._complete: Permuting | None = None
        self._response: tuple[object, Response] | None = None  # and what it is the response of
        self._ranges: dict[int, tuple[float, float, bool]] = {}  # of training rows, and whether all are whole
        self._ink: Ink | None = None

    def importance(self, samples: Samples, request: WatchImportance) -> Importance:
        """Compute a slice of the importances; return those of the last weights for which they are complete."""
        by = request.by if request.by in self._measures else self._usual
        of = samples.name, by
        if self._complete is not None and self._complete.of != of:
            self._complete = None
        if self._under_way is not None and self._under_way.of != of:
            self._under_way = None
        if self._under_way is None and (self._complete is None or self._complete.moment != self._session.moment):
            of_output = by if self._output is None or by == "loss" else f"{by}[{self._output}]"
            self._under_way = Permuting(self._session, samples, of, of_output)
            self._under_way.moment = self._session.moment
        if self._under_way is not None:
            self._under_way.advance(SLICE if self._session.state == "running" else SLICE_AT_REST)
            if self._under_way.computed.is_done:
                self._complete, self._under_way = self._under_way, None
                computed = self._complete.computed
                columns = {one.column: one for one in computed.columns()}
                self._session.importance = ImportanceOfRun(computed.by, self._complete.epoch, columns)
        shown = self._complete or self._under_way
        assert shown is not None
        means, deviations = shown.computed.summary()
        return Importance(
            part=samples.part,
            by=by,
            measures=self._measures,
            rows=shown.rows,
            epoch=shown.epoch,
            columns=self._names,
            means=pack(means),
            deviations=pack(deviations),
            value=shown.computed.baseline,
            repeats=shown.computed.repeats,
            all_repeats=REPEATS,
            response=None if request.column is None else self._response_to(samples, request.column, request.of_class),
            unfinished=self._complete is None or self._complete.moment != self._session.moment,
        )

    def _response_to(self, samples: Samples, column: int, of_class: int) -> Response:
        """Return the response to a column; the one before while nothing has changed."""
        column = min(max(column, 0), len(self._places) - 1)
        key = samples.name, self._session.moment, column, of_class
        if self._response is not None and self._response[0] == key:
            return self._response[1]
        dataset, place = self._session.dataset, self._places[column]
        raw = dataset.x[samples.rows[samples.drawn_indices]]
        values = grid_of(raw, place, dataset.inputs)
        raw = raw[np.unique(np.linspace(0, len(raw) - 1, RESPONSE_ROWS).astype(int))]
        outputs = responses(self._raw_model, raw, place, values)
        of_class = min(max(of_class, 0), max(len(dataset.classes) - 1, 0))
        curves = outputs[..., min(of_class, outputs.shape[2] - 1)]  # of one output it is the class 1
        own = np.unique(np.linspace(0, len(raw) - 1, OWN_CURVES).astype(int))
        categories = self._categories(column)
        response = Response(
            column=column,
            categories=categories,
            values=pack(np.arange(len(values)) if categories else values[:, 0]),
            mean=pack(curves.mean(axis=1)),
            rows=pack(curves[:, own].T.ravel()),
            count=len(raw),
            of_class=None if dataset.labels is None else 1 if outputs.shape[2] == 1 else of_class,
        )
        self._response = key, response
        return response

    def _categories(self, column: int) -> tuple[str, ...]:
        features = self._session.dataset.inputs[self._places[column]]
        return tuple(str(feature.category) for feature in features if feature.category is not None)

    def what_if(self, samples: Samples, request: WatchWhatIf) -> WhatIf:
        """Compute the outputs of a sample with moved inputs, and where each listed input flips the decision."""
        dataset = self._session.dataset
        index = min(max(request.sample, 0), len(samples.rows) - 1)
        row = int(samples.rows[index])
        original = dataset.x[row]
        moved = original.copy()
        for column, value in request.moved:
            if 0 <= column < len(self._places) and math.isfinite(value):
                place = self._places[column]
                size = place.stop - place.start
                moved[place] = np.eye(size)[min(max(int(value), 0), size - 1)] if self._categories(column) else value
        outputs = self._raw_model.predict(np.stack([moved, original]))
        decided = most_likely(outputs) if dataset.classes else outputs[:, 0]
        first = min(max(request.first, 0), len(self._places) - 1)
        listed = range(first, min(first + min(max(request.rows, 1), MAX_INPUTS), len(self._places)))
        level = float(samples.true[index])
        return WhatIf(
            part=samples.part,
            row=dataset.rows.number(row),
            name=dataset.rows.name(row),
            true=level,
            predicted=float(decided[0]),
            predicted_before=float(decided[1]),
            outputs=pack(samples.by_class(outputs[0])),
            before=pack(samples.by_class(outputs[1])),
            first=first,
            columns=len(self._places),
            inputs=tuple(self._input(column, moved, original, level) for column in listed),
        )

    def recognition(self, samples: Samples, request: WatchDrawing) -> Recognition | Unavailable:
        """Compute the outputs for a drawing; one that does not have a number for each feature counts as empty."""
        pixels, dataset = self._session.pixels(), self._session.dataset
        if pixels is None:
            return Unavailable(NO_PICTURE)
        if self._ink is None:
            self._ink = ink_of(pixels, dataset.x[self._session.split.train_rows])
        features = np.full(len(pixels.places), self._ink.paper)
        if len(request.features) == len(pack(features)) and np.isfinite(unpack(request.features)).all():
            features = unpack(request.features)
        outputs = self._raw_model.predict(features[None])
        decided = most_likely(outputs) if dataset.classes else outputs[:, 0]
        return Recognition(pack(samples.by_class(outputs[0])), float(decided[0]), self._ink)

    def _input(self, column: int, moved: Array, original: Array, level: float) -> Input:
        place, categories, name = self._places[column], self._categories(column), self._names[column]
        if categories:
            category, before = int(moved[place].argmax()), int(original[place].argmax())
            rows = np.repeat(moved[None], len(categories), axis=0)
            rows[:, place] = np.eye(len(categories))
            outputs = self._raw_model.predict(rows)
            decisions = most_likely(outputs) if self._raw_model.classes else outputs[:, 0] > level
            changed = tuple(np.flatnonzero(decisions != decisions[category]).astype(float).tolist())
            return Input(name, category, before, 0.0, len(categories) - 1.0, 1.0, changed, categories)
        if column not in self._ranges:
            values = self._session.dataset.x[self._session.split.train_rows, place.start]
            self._ranges[column] = float(values.min()), float(values.max()), bool((values % 1 == 0).all())
        low, high, is_whole = self._ranges[column]
        now, was = float(moved[place.start]), float(original[place.start])
        low, high = min(low, was), max(high, was)  # a row of another part may lie outside
        limits = min(low, now), max(high, now)
        found = flips(self._raw_model, moved, place.start, limits, level)
        if is_whole:  # the next whole number on the other side
            found = [float(math.ceil(value) if value > now else math.floor(value)) for value in found]
        step = step_within(low, high, is_whole)
        return Input(name, now, was, low, high, step, tuple(found))


class Permuting:
    """Importances of the columns for at most ``MAX_POINTS`` samples, with a copy of the weights as they are."""

    def __init__(self, session: Session, samples: Samples, of: tuple[str, str], by: str) -> None:
        self.of = of
        self.moment = (0, 0)
        self.epoch = session.trainer.epochs
        chosen = samples.drawn_indices
        self.rows = len(chosen)
        inputs = session.dataset.inputs
        model = build_model(session.experiment, len(inputs))
        model.parameters.flat[:] = session.trainer.model.parameters.flat
        data = samples.x[chosen], samples.y[chosen], session.split.target
        self.computed: PermutationImportance = importance_of(model, session.experiment, data, inputs, by)

    def advance(self, seconds: float) -> None:
        """Compute for about so many seconds."""
        deadline = time.perf_counter() + seconds
        while not self.computed.is_done:
            self.computed.advance()
            if time.perf_counter() >= deadline:
                return


def step_within(low: float, high: float, is_whole: bool) -> float:
    """Return a round step, 1, 2 or 5 times a power of ten, of which some ``STEPS`` lead from ``low`` to ``high``."""
    rough = (high - low) / STEPS
    if not rough > 0.0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if rough <= factor * power * (1 + 1e-9))
    return max(step, 1.0) if is_whole else step
