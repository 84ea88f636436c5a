"""The current run: an experiment, its data and trainer, and what it has recorded; no process, file or screen.

In reading order: the session, what a snapshot consists of, the rate of steps, and how many threads the linear algebra
uses: one for small layers, all cores for large ones. Why a run failed is said by ``diagnosis``, when it is asked.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from tui_trainer.datasets.dataset import Dataset, OnProgress
from tui_trainer.datasets.loading import DataCache
from tui_trainer.datasets.pixels import PixelGrid, pixel_grid
from tui_trainer.datasets.preparation import preparation_of
from tui_trainer.datasets.split import Split, split
from tui_trainer.datasets.statistics import DataStatistics, statistics_of
from tui_trainer.engine import Diverged, Sequential, Trainer, summarize
from tui_trainer.engine.trainer import LastDropout
from tui_trainer.experiment.resolve import check_without_validation, resolve
from tui_trainer.experiment.schema import Experiment, TrainingConfig
from tui_trainer.formats import format_counted
from tui_trainer.pace import FULL, Pace, Schedule
from tui_trainer.run_state import EndState, RunState
from tui_trainer.system.memory import limit_accelerate, usable_cores

from .builder import build_schedule, build_trainer, check_memory, split_scores
from .callbacks import BestWeights, StopConditions
from .history import History
from .inspection import ImportanceOfRun
from .series import MAX_PARAMETERS, Array, DownsampledSeries, Trajectory
from .timeline import MEMORY, Timeline

if TYPE_CHECKING:
    from tui_trainer.protocol import Remedy

EARLY_ENDS: tuple[EndState, ...] = ("stopped early", "diverged")  # states of a run that ended before its last epoch
UNWATCHED = 0.5  # seconds of training between two checks of the state, if nobody watches
SLICE_STEPS = 4096  # between two looks at the clock, at most
CLOSE = 1e-9  # of a deviation, since another machine may round differently
WINDOW = 1.0  # seconds over which the rate of steps is measured
# Multiplications in the largest product of a step from which all threads are used. Two threads are faster from about
# 2 million on if the machine is idle, but lose far more than that if it is not.
THREADED_WORK = 8_000_000
MAX_THREADS = 8  # a machine of many cores usually has many users


class TrainedRun(NamedTuple):
    """A run that was trained elsewhere, after an epoch: the state of its trainer, and what a session records."""

    state: Mapping[str, Array]
    last_loss: float | None
    history: History
    best: BestWeights
    stopping: StopConditions
    divergence: Diverged | None
    scores: dict[str, float] | None  # with its last weights, if they are known


class Session:
    """Loads an experiment and trains it in slices; everything follows from the experiment and its seeds.

    The linear algebra of a large network uses at most ``max_threads``. With ``all_epochs`` the history of a long run
    keeps the values of all epochs. Its earlier moments take at most ``memory`` bytes; see ``timeline``.
    """

    def __init__(self, max_threads: int = MAX_THREADS, all_epochs: bool = False, memory: int = MEMORY) -> None:
        self._max_threads, self._all_epochs = max_threads, all_epochs
        self.timeline = Timeline(memory)
        self.state: RunState = "empty"
        self.sentence = ""
        self.divergence: Diverged | None = None
        self.warning = ""  # a sentence on a run that has learnt nothing, by ``diagnosis``
        self.remedy: Remedy | None = None  # of a run that diverged or has learnt nothing, by ``diagnosis``
        self.pace = FULL
        self._schedule = Schedule(FULL, 0, 0, 0)
        self.split: Split
        self._preparation: NDArray[np.uint8]
        self._clock = 0.0  # until when the seconds of training are counted, while there is a schedule to wait for
        self.history = History(all_epochs)
        self.step_rate = StepRate()
        self.best = BestWeights()
        self.weight_changes = 0  # times that weights were changed other than by training
        self.test_seen_at: list[int] = []  # steps after which the scores of the test part were looked at
        self.importance: ImportanceOfRun | None = None  # of the columns of the data, once it was asked for
        self.trajectory: Trajectory | None = None  # of a model with at most two parameters
        self.data = DataCache()
        self._losses = np.empty(SLICE_STEPS)  # of the steps not yet in the history; the first ``_filled`` count
        self._filled = 0
        self._chunk = 1
        self._last_loss: float | None = None
        self._statistics: tuple[Split, dict[int, DataStatistics]] | None = None
        self._pixels: tuple[Dataset, PixelGrid | None] | None = None
        self._scores: tuple[tuple[int, int], dict[str, float]] | None = None  # and of which moment of the run

    def load(self, experiment: Experiment, on_progress: OnProgress | None = None) -> None:
        """Load ``experiment`` and stop before its first step.

        ``on_progress`` is called with the fraction of a file that has been read. Raises UserError if something does not
        fit, and ReadingStopped if it returns False; both leave the session as it was.
        """
        self.load_with(experiment, self.data.get(experiment.dataset, on_progress))

    def load_with(self, experiment: Experiment, dataset: Dataset, fits: bool = False) -> None:
        """Load ``experiment`` as ``load`` does, with its ``dataset`` as it was read before.

        With ``fits`` it is known that there is memory for it.
        """
        resolved = resolve(experiment, dataset.target_info(), n_features=len(dataset.features))
        output = resolved.model.output
        assert output.units is not None and output.activation is not None
        if self._is_split(resolved, dataset):
            parts, preparation = self.split, self._preparation
        else:
            parts = split(dataset, experiment.dataset, output.units, output.activation)
            encoded = msgspec.json.encode(preparation_of(dataset, parts))  # for predictions without the data
            preparation = np.frombuffer(encoded, np.uint8)
        if parts.x_val is None:  # only now it is known what a column says
            check_without_validation(resolved.training)
        if not fits:
            check_memory(resolved, len(dataset.features), parts)
        trainer = build_trainer(resolved, dataset, parts)
        self.requested, self.experiment = experiment, resolved
        self.dataset, self.split, self._preparation = dataset, parts, preparation
        self.trainer: Trainer = trainer
        self._first_epoch, self.target_epochs = 0, experiment.training.epochs  # of the stretch that is trained next
        self.history, self.step_rate = History(self._all_epochs), StepRate()
        self.best, self.test_seen_at = BestWeights(experiment.training.best_epoch_by), []
        self.state, self.sentence, self.importance = "ready", "", None
        self._forget_diagnosis()
        self._stopping = StopConditions(experiment.training)
        self._chunk, self._filled, self._last_loss, self._scores = 1, 0, None, None
        self.resumed_at = 0  # the trainer has no gradient before the next step
        self.weights_epoch: int | None = None  # an earlier epoch whose weights were put back
        self.stepped_at = -1  # the step that was taken by itself, the last time
        self.weights_set_at = -1  # the step after which weights were changed other than by training, the last time
        self._start_trajectory()
        self._begin_timeline(experiment.training.epochs)
        fit_threads(trainer.model, experiment.training.samples_a_step(len(parts.x_train)), self._max_threads)

    def _is_split(self, resolved: Experiment, dataset: Dataset) -> bool:
        """Return whether the run that is loaded has the same data, split and standardized in the same way."""
        if self.state == "empty" or self.dataset is not dataset:
            return False
        loaded, output = self.experiment, resolved.model.output
        same_output = (loaded.model.output.units, loaded.model.output.activation) == (output.units, output.activation)
        return same_output and loaded.dataset == resolved.dataset

    def _begin_timeline(self, epochs: int) -> None:
        self.schedule_epochs = epochs  # that the schedule of the rate was made for
        self.timeline.begin(self.trainer.optimizer.learning_rate, epochs)

    def twin(self) -> Session:
        """Return a session of the same run at its first step, which shares its data and keeps no snapshots.

        Raises UserError if its memory is not free.
        """
        twin = Session(self._max_threads, self._all_epochs, memory=0)
        twin.state, twin.data = "ready", self.data
        twin._statistics, twin._pixels = self._statistics, self._pixels
        twin.experiment, twin.dataset = self.experiment, self.dataset
        twin.split, twin._preparation = self.split, self._preparation
        twin.load_with(self.requested, self.dataset)
        return twin

    def stand_in_for(self, run: Session, trained_from: int) -> None:
        """Become the ``run`` where this one's trainer is, which was ``trained_from`` a step.

        It has the run's values up to there.
        """
        self.requested, self.experiment, self.target_epochs = run.requested, run.experiment, run.target_epochs
        self.state = "paused" if self.trainer.steps else "ready"
        self.history = run.history.until(self.trainer.epochs)
        self.best, self.test_seen_at = run.best, run.test_seen_at
        self.resumed_at = trained_from
        if self.trajectory is None:
            self._start_trajectory()

    def weights(self) -> Array | None:
        """Return a copy of all parameters as one vector; None if nothing is loaded."""
        return None if self.state == "empty" else self.trainer.model.parameters.flat.copy()

    def set_weights(self, weights: Array) -> bool:
        """Start from the ``weights`` of another run; return whether there are as many."""
        flat = self.trainer.model.parameters.flat
        fits = flat.shape == weights.shape
        if fits:
            flat[:] = weights
            self._weights_changed()
        return fits

    def snapshot(self) -> dict[str, Array]:
        """Return copies of all that the next steps and the plots depend on, except the values of the epochs."""
        parts = {"steps": self.history.steps.state(), "stopping": self._stopping.state()}
        parts |= {"best": self.best.state(), "data": moments(self.split), "preparation": {"json": self._preparation}}
        parts["timeline"] = self.timeline.course()
        if self.trajectory is not None:
            parts["path"] = self.trajectory.state()
        if self.test_seen_at:
            parts["test"] = {"seen_at": np.array(self.test_seen_at)}
        return {**self.trainer.state(), **joined(parts)}

    def restore(self, snapshot: Mapping[str, Array], epochs: Mapping[str, Array], state: str = "") -> None:
        """Restore a saved run of the same experiment; raise KeyError or ValueError if it is of another one.

        A ``state`` in which the run had ended early is restored, too.
        """
        check_moments(part_of(snapshot, "data"), self.split)
        self.trainer.restore(snapshot)
        self.best.resume(part_of(snapshot, "best"), self.trainer.model.count_params())
        self.resumed_at = self.trainer.steps
        self.history.restore(epochs, DownsampledSeries.from_state(part_of(snapshot, "steps")))
        self._start_trajectory()
        self.timeline.resume(part_of(snapshot, "timeline"))
        self.test_seen_at = part_of(snapshot, "test").get("seen_at", np.empty(0)).astype(int).tolist()
        if stopping := part_of(snapshot, "stopping"):
            self._stopping.resume(stopping)
        if self.trajectory is not None and (trajectory := part_of(snapshot, "path")):
            self.trajectory.resume(trajectory)
        self._find_weights_epoch()
        self.target_epochs = max(self.target_epochs, self.trainer.epochs)
        done = self.trainer.epochs >= self.target_epochs and self.trainer.position == 0
        self.state = next((early for early in EARLY_ENDS if early == state), "finished" if done else "paused")

    def take_over(self, run: TrainedRun, sentence: str) -> None:
        """Go where a ``run`` of the loaded experiment is; ``sentence`` says why, if it was stopped early.

        A run that has not ended is paused.
        """
        self.trainer.restore(run.state)
        self._start_trajectory()  # how it came here is not known, but it is the way of a run that is trained alone
        self.history, self.best, self._stopping = run.history, run.best, run.stopping
        self._last_loss = run.last_loss
        self._scores = (self.moment, run.scores) if run.scores is not None else None
        if run.divergence is not None:
            self._end_diverged(run.divergence)
        elif sentence:
            self._end("stopped early", sentence)
        elif self.trainer.epochs < self.target_epochs:
            self.state = "paused"
        else:
            self._end_finished()

    def tune(self, training: TrainingConfig) -> None:
        """Change the learning rate and the number of epochs to those of ``training``; keep weights and history.

        A schedule goes on as a multiple of the new rate, over the new number of epochs.
        """
        self.requested = replace(
            self.requested,
            training=replace(self.requested.training, learning_rate=training.learning_rate, epochs=training.epochs),
        )
        trainer = self.trainer
        trainer.optimizer.learning_rate = training.learning_rate
        if trainer.schedule is not None and training.epochs != self.target_epochs:
            before = trainer.schedule.state()
            has_validation = self.split.x_val is not None
            trainer.schedule = build_schedule(self.requested.training, trainer.steps_per_epoch, has_validation)
            if trainer.schedule is not None and before:
                trainer.schedule.resume(before)
            self.schedule_epochs = training.epochs
        self.target_epochs = training.epochs
        self._note_change()
        if self.state == "finished" and self.trainer.epochs < self.target_epochs:
            self.state = "paused"
        if self.state == "running":
            self._set_schedule(self._schedule.pace)

    def set_weight(self, index: int, value: float) -> None:
        """Set parameter number ``index``, counted over kernels, then biases, layer by layer."""
        parameters = self.trainer.model.parameters.flat
        if 0 <= index < len(parameters):
            parameters[index] = value
            self._weights_changed()

    def note_test_seen(self) -> None:
        """Note that the test part is looked at with the current weights."""
        self.test_seen_at.append(self.trainer.steps)

    def swap_best(self) -> str:
        """Pause, and swap the newest weights with those of the best epoch; return what was done, in a sentence."""
        self.pause()
        sentence = self.best.swap(self.trainer.model.parameters.flat)
        self._weights_changed()
        self._find_weights_epoch()
        return sentence

    def train(self, to_end: bool = False) -> None:
        """Start or continue training; a finished run gets as many epochs again.

        With ``to_end`` it goes on at full speed until it ends or is paused.
        """
        if self.state in ("empty", "diverged"):
            return
        if self.state != "running":
            if self.trainer.epochs >= self.target_epochs:
                self._first_epoch = self.trainer.epochs
                self.target_epochs = self.trainer.epochs + self.experiment.training.epochs
            if self.state in ("stopped early", "finished"):
                self._stopping.restart(past_stop=self.state == "stopped early")
            self.state = "running"
            self._forget_diagnosis()
            self.step_rate = StepRate()
            self._set_schedule(self.pace)
        if to_end:
            self._set_schedule(FULL)

    def set_pace(self, pace: Pace) -> None:
        """Train at ``pace`` from now on."""
        self.pace = pace
        if self.state == "running":
            self._set_schedule(pace)

    def pause(self) -> None:
        """Pause training."""
        if self.state == "running":
            self.state = "paused"

    def step(self) -> None:
        """Train on one mini-batch, whatever the number of epochs."""
        before = self.steps
        self._advance_by(1)
        if self.steps > before:
            self.stepped_at = self.steps

    def epoch(self) -> None:
        """Train to the end of the current epoch, or for a whole one."""
        self._advance_by(self.trainer.steps_per_epoch - self.trainer.position)

    def advance(self, seconds: float) -> None:
        """Train for about ``seconds``, as long as the state is running."""
        deadline = time.perf_counter() + seconds
        while self.state == "running":
            before = time.perf_counter()
            due = self._schedule.steps_due(self.trainer.steps, before, self._chunk)
            if due == 0:
                break
            done = self._run(due)
            now = time.perf_counter()
            self._spend(now - before if self._schedule.is_full_speed else now - self._clock)
            self._clock = now
            self.step_rate.record(done, now)
            # Chunks of about a fifth of the slice keep both overhead and overshoot small.
            if done == self._chunk and now - before < seconds / 8:
                self._chunk *= 2
            elif now - before > seconds / 4:
                self._chunk = max(1, self._chunk // 2)
            if now >= deadline:
                break
        self._record()

    def advance_to_end(self) -> None:
        """Train until the run ends; nothing but an interrupt can stop it."""
        while self.state == "running":
            self.advance(UNWATCHED)

    @property
    def wait(self) -> float:
        """Seconds until the next step is due at the present pace."""
        return self._schedule.wait(self.trainer.steps, time.perf_counter()) if self.state == "running" else 0.0

    @property
    def has_time_to_spare(self) -> bool:
        """Whether training waits for its pace now and then."""
        schedule = self._schedule
        return not (schedule.is_full_speed or schedule.is_late(self.trainer.steps, time.perf_counter()))

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the last epoch ends, if the run goes on as it does; None if it is not running."""
        if self.state != "running":
            return None
        scheduled = self._schedule.seconds_left(self.trainer.steps, time.perf_counter())
        if scheduled is not None:
            return scheduled
        steps = (self.target_epochs - self.trainer.epochs) * self.trainer.steps_per_epoch - self.trainer.position
        rate = self.step_rate.steps_per_second
        return steps / rate if rate else None

    def statistics(self, target_index: int = 0) -> DataStatistics:
        """Return what the columns of the data hold, the test part left out, and how they go with a target.

        That is computed once for each split of a dataset, and each of several targets.
        """
        if self._statistics is None or self._statistics[0] is not self.split:
            self._statistics = self.split, {}
        known = self._statistics[1]
        if target_index not in known:
            known[target_index] = statistics_of(self.dataset, self.split.test_rows, target_index)
        return known[target_index]

    def pixels(self) -> PixelGrid | None:
        """Return the picture that the features of the dataset are, None if they are none; computed once for each."""
        if self._pixels is None or self._pixels[0] is not self.dataset:
            dataset = self.dataset
            self._pixels = dataset, pixel_grid(dataset.features, dataset.left_out, dataset.x)
        return self._pixels[1]

    def scores(self) -> dict[str, float]:
        """Return the scores of both parts with the present weights, as ``split_scores`` does."""
        if self._scores is None or self._scores[0] != self.moment:
            self._scores = self.moment, split_scores(self.trainer.model, self.experiment.training, self.split)
        return self._scores[1]

    @property
    def moment(self) -> tuple[int, int]:
        """What changes with the weights."""
        return self.trainer.steps, self.weight_changes

    @property
    def dropout(self) -> LastDropout | None:
        """What dropout did in the step that was taken by itself, until training goes on; None if there is none."""
        return self.trainer.last_dropout() if self.steps == self.stepped_at else None

    @property
    def steps(self) -> int:
        """Number of steps done; 0 if nothing is loaded."""
        return 0 if self.state == "empty" else self.trainer.steps

    @property
    def values(self) -> dict[str, float]:
        """The newest of all recorded values, and ``batch_loss``.

        Those of an epoch whose weights were put back, where they are still known.
        """
        newest = {name: values[-1] for name, values in self.history.epochs.items()}
        if self.weights_epoch is not None:
            recorded = {name: self.history.value(name, self.weights_epoch) for name in newest}
            known = {name: value for name, value in recorded.items() if value is not None}
            newest = known or newest
        if self._last_loss is not None:
            newest["batch_loss"] = self._last_loss
        return newest

    def summary(self) -> list[tuple[str, str, int, int]]:
        """Return the name, kind, units and parameters of each layer."""
        model = self.trainer.model
        rows = summarize(model.layers, model.dtype.itemsize).rows
        return [(row.name, row.kind, row.output, row.params) for row in rows]

    def _advance_by(self, steps: int) -> None:
        if self.state in ("empty", "diverged"):
            return
        self.state = "paused"
        while steps > 0 and self.state == "paused":
            steps -= self._run(steps)
        self._record()

    def _run(self, steps: int) -> int:
        """Run at most ``steps`` steps within an epoch; return how many."""
        if self.timeline.is_changed:
            self.timeline.keep(self.trainer, self.schedule_epochs)
        if self._filled == SLICE_STEPS:
            self._record()
        before = self.trainer.steps
        if self.trajectory is not None:
            steps = 1  # to record the parameters after each step
        try:
            self.trainer.run_steps(self._losses[self._filled : self._filled + steps])
        except Diverged as error:
            self._end_diverged(error)
        done = self.trainer.steps - before
        self._filled += done
        if done:
            self.weights_epoch = None
        if self.trajectory is not None and done:
            rate = self.trainer.optimizer.used_rate
            self.trajectory.add(self.trainer.steps, self.trainer.model.parameters.flat, rate)
        if self.trainer.position == 0 and self.state != "diverged":
            self._end_epoch()
        return done

    def _record(self) -> None:
        """Move the losses of the newest steps to the history, many at a time, since each move is costly."""
        if self._filled:
            self._last_loss = float(self._losses[self._filled - 1])
            self.history.add_steps(self._losses[: self._filled])
            self._filled = 0

    def _end_epoch(self) -> None:
        logs = self.trainer.end_epoch()
        self.history.add_epoch(logs)
        if self.timeline.is_due(self.trainer.steps):
            self.timeline.keep(self.trainer, self.schedule_epochs)
        epoch, model = self.trainer.epochs, self.trainer.model
        self.best.after_epoch(epoch, logs, model.parameters.flat)
        if sentence := self._stopping.after_epoch(epoch, logs, model) or self._stopping.after_step(epoch, self.trainer):
            self._end("stopped early", sentence)
        elif self.state == "running" and epoch >= self.target_epochs:
            self._end_finished()

    def _forget_diagnosis(self) -> None:
        self.divergence, self.warning, self.remedy = None, "", None

    def _set_schedule(self, pace: Pace) -> None:
        """Begin a schedule at ``pace`` for the stretch of epochs that is trained now."""
        steps = self.trainer.steps_per_epoch
        first, last = self._first_epoch * steps, self.target_epochs * steps
        self._schedule = Schedule(pace, first, last, self.trainer.steps)
        self._clock = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds of training so far."""
        return self._stopping.seconds

    def _spend(self, seconds: float) -> None:
        """Count seconds of training, and stop when the time is up."""
        if self._stopping.time_is_up(seconds) and self.state == "running":
            limit = f"{self.experiment.training.stop_after:g} s of training"
            self._end("stopped early", f"Stopped after {limit}, in epoch {self.trainer.epochs + 1:,}")

    def _weights_changed(self) -> None:
        """Note that weights were changed other than by a step."""
        self.weight_changes += 1
        self.weights_epoch = None
        self.weights_set_at = self.trainer.steps
        self._start_trajectory()
        self.timeline.changed(self.trainer.steps)

    def _find_weights_epoch(self) -> None:
        """Find out whether the weights are those of the best epoch, which is not the newest one."""
        epoch, flat = self.trainer.epochs, self.trainer.model.parameters.flat
        self.weights_epoch = self.best.epoch if self.best.has_replaced(flat, epoch) else None

    def _note_change(self) -> None:
        """Note that the rate or its schedule was changed; before the first step that is as if it were loaded so."""
        start = self.timeline.snapshots[:1]
        if self.trainer.steps == 0 and start and not start[0].state:
            self._begin_timeline(self.schedule_epochs)
        else:
            self.timeline.changed(self.trainer.steps)

    def _start_trajectory(self) -> None:
        """Start recording the trajectory, if it can be drawn."""
        parameters = self.trainer.model.parameters.flat
        self.trajectory = Trajectory(parameters, self.steps) if len(parameters) <= MAX_PARAMETERS else None

    def _end_diverged(self, error: Diverged) -> None:
        self.divergence = error
        self._end("diverged", error.finding.removesuffix("."))

    def _end_finished(self) -> None:
        epochs, steps = format_counted(self.trainer.epochs, "epoch"), format_counted(self.trainer.steps, "step")
        self._end("finished", f"Finished {epochs}, {steps}")

    def _end(self, state: EndState, sentence: str) -> None:
        """End the run; ``sentence`` lacks its full stop. Weights are restored where early stopping is to do so."""
        restored_epoch = self._stopping.restore_best(self.trainer.model)
        if restored_epoch is not None:
            self._weights_changed()
            self.weights_epoch = restored_epoch
            sentence += f"; the weights of epoch {restored_epoch:,} are back"
        self.state, self.sentence = state, f"{sentence}."


def joined(parts: Mapping[str, Mapping[str, Array]]) -> dict[str, Array]:
    """Join the arrays of all parts of a snapshot; the part's name comes before the first dot."""
    return {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}


def part_of(snapshot: Mapping[str, Array], name: str) -> dict[str, Array]:
    """Return the arrays of the part ``name`` of a snapshot, by their names within it."""
    return {key.removeprefix(f"{name}."): array for key, array in snapshot.items() if key.startswith(f"{name}.")}


def moments(split: Split) -> dict[str, Array]:
    """Return the arrays by which the data of a run are recognized."""
    target = split.target
    return {"mean": split.mean, "scale": split.scale, "target_mean": target.mean, "target_scale": target.scale}


def check_moments(state: Mapping[str, Array], split: Split) -> None:
    """Raise ValueError if the data have other means and deviations than when ``state`` was saved."""
    for name, current in moments(split).items():
        saved = state.get(name, current)  # older versions did not save them
        atol = CLOSE * (split.target.scale if name.startswith("target") else split.scale)
        if saved.shape != current.shape or not np.isclose(saved, current, rtol=CLOSE, atol=atol).all():
            raise ValueError("the data have changed since it was trained")


class StepRate:
    """Measures steps per second over the last second of training."""

    def __init__(self) -> None:
        self._total = 0
        self._marks: deque[tuple[float, int]] = deque([(time.perf_counter(), 0)])

    def record(self, steps: int, now: float) -> None:
        """Record that ``steps`` more were done by ``now`` (seconds of ``time.perf_counter``)."""
        self._total += steps
        if now - self._marks[-1][0] >= WINDOW / 20:
            self._marks.append((now, self._total))
            while now - self._marks[0][0] > WINDOW and len(self._marks) > 2:
                self._marks.popleft()

    @property
    def steps_per_second(self) -> float:
        (start, first), (end, last) = self._marks[0], self._marks[-1]
        return (last - first) / (end - start) if end > start else 0.0


def fit_threads(model: Sequential, batch: int, max_threads: int = MAX_THREADS) -> int:
    """Set at most ``max_threads`` threads to suit ``model`` and mini-batches of ``batch``; return how many."""
    all_threads = _all_threads()  # before they are limited for the first time
    largest = max(kernel.size for kernel in model.parameters.kernels)
    threads = min(all_threads, max_threads) if largest * batch >= THREADED_WORK else 1
    linear_algebra().limit(limits=threads, user_api="blas")
    limit_accelerate(to_one_thread=threads == 1)
    return threads


@cache
def linear_algebra() -> ThreadpoolController:
    """Return the libraries of linear algebra that are loaded; to look for them takes as long as to load a run."""
    return ThreadpoolController()


@cache
def _all_threads() -> int:
    """Return the number of threads that the library uses by default: one a core, or as OMP_NUM_THREADS says.

    One a core, too, for a library that threadpoolctl does not know.
    """
    counts = [library["num_threads"] for library in linear_algebra().info() if library["user_api"] == "blas"]
    return min(max(counts, default=usable_cores()), MAX_THREADS)
