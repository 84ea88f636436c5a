"""One run under work: an experiment, its data and trainer, and what it has recorded. No pipe, no screen."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from functools import cache

import numpy as np
from msgspec.structs import replace
from threadpoolctl import threadpool_info, threadpool_limits

from tui_trainer.datasets.csv.progress import OnProgress
from tui_trainer.datasets.loading import DataCache
from tui_trainer.datasets.split import Split, split
from tui_trainer.engine import Diverged, Sequential, Trainer, summarize
from tui_trainer.experiment.resolve import resolve
from tui_trainer.experiment.schema import Experiment, TrainingConfig
from tui_trainer.protocol.reports import Remedy
from tui_trainer.run_state import EndState, RunState

from .builder import build_trainer
from .callbacks import BestWeights, StopConditions
from .history import History
from .memory_check import check_memory
from .series import Array, DownsampledSeries
from .trajectory import MAX_PARAMETERS, Trajectory

EARLY_ENDS: tuple[EndState, ...] = ("stopped early", "diverged")  # before the last epoch
UNWATCHED = 0.5  # seconds of training between two looks at the state, where nobody waits for anything
SLICE_STEPS = 4096  # at most this many steps between two looks at the clock
LARGE_FEATURE = 5.0  # root mean square beyond which a feature that is not standardized is blamed first
SAFE_RATE = 0.1  # with features of deviation 1
CLOSE = 1e-9  # of a deviation: another machine may round another way
WINDOW = 1.0  # seconds
# Multiplications in the largest product of a step from which all threads are worth waking. Two threads win
# from about 2 million on where the machine is idle, but lose far more than that where it is not.
THREADED_WORK = 8_000_000
MAX_THREADS = 8  # on a machine of many cores, which is a machine of many users


class Session:
    """Loads an experiment and advances it in slices. All of it is known from the experiment and its seeds.

    The linear algebra of a large network uses ``most_threads`` at most.
    """

    def __init__(self, most_threads: int = MAX_THREADS) -> None:
        self._most_threads = most_threads
        self.state: RunState = "empty"
        self.sentence = ""
        self.remedy: Remedy | None = None  # of a run that diverged
        self.limit: float | None = None  # steps a second, in slow motion
        self._next_step = 0.0
        self.history = History()
        self.pace = StepRate()
        self.best = BestWeights()
        self.touched = 0  # times that weights were changed by something else than training
        self.path: Trajectory | None = None  # the way of the parameters, of a model that has two at most
        self.data = DataCache()
        self._losses = np.empty(SLICE_STEPS)  # of steps not yet in the history, the first ``_filled``
        self._filled = 0
        self._chunk = 1
        self._last_loss: float | None = None

    def load(self, experiment: Experiment, on_progress: OnProgress | None = None) -> None:
        """Put the session at the first step of ``experiment``.

        ``on_progress`` is told how much of a file has been read. Raises ExperimentError where something does not
        fit, and ReadingStopped where it returns False; both leave the session as it was.
        """
        dataset = self.data.get(experiment.dataset, on_progress)
        resolved = resolve(experiment, dataset.target_info(), n_features=len(dataset.features))
        assert resolved.model.output.units is not None
        parts = split(dataset, experiment.dataset, resolved.model.output.units)
        check_memory(resolved, len(dataset.features), parts)
        trainer = build_trainer(resolved, dataset, parts)
        self.requested, self.experiment = experiment, resolved
        self.dataset, self.split = dataset, parts
        self.trainer: Trainer = trainer
        self.epochs_wanted = experiment.training.epochs
        self.history, self.pace, self.best = History(), StepRate(), BestWeights()
        self.state, self.sentence, self.remedy = "ready", "", None
        self._stopping = StopConditions(experiment.training)
        self._chunk, self._filled, self._last_loss = 1, 0, None
        self.resumed_at = 0  # step from which on the trainer knows a gradient
        self._follow()
        fit_threads(trainer.model, experiment.training.samples_a_step(len(parts.x_train)), self._most_threads)

    def weights(self) -> Array | None:
        """All parameters as one vector, a copy; None where nothing is loaded."""
        return None if self.state == "empty" else self.trainer.model.parameters.flat.copy()

    def begin_with(self, weights: Array) -> bool:
        """Take ``weights`` of another run as one's first ones; whether there are as many."""
        flat = self.trainer.model.parameters.flat
        fits = flat.shape == weights.shape
        if fits:
            flat[:] = weights
            self._touch()
        return fits

    def snapshot(self) -> dict[str, Array]:
        """All that the next steps and the plots depend on, but for the values of the epochs, as copies."""
        parts = {"steps": self.history.steps.state(), "stopping": self._stopping.state()}
        parts |= {"best": self.best.state(), "data": moments(self.split)}
        if self.path is not None:
            parts["path"] = self.path.state()
        return {**self.trainer.state(), **joined(parts)}

    def restore(self, snapshot: Mapping[str, Array], epochs: Mapping[str, Array], state: str = "") -> None:
        """Go to where a run of the same experiment was saved; KeyError or ValueError for another one's.

        A ``state`` in which it had ended by itself is taken on, so that it is as it was.
        """
        check_moments(part_of(snapshot, "data"), self.split)
        self.trainer.restore(snapshot)
        self.best.resume(part_of(snapshot, "best"), self.trainer.model.count_params())
        self.resumed_at = self.trainer.steps
        self.history.restore(epochs, DownsampledSeries.from_state(part_of(snapshot, "steps")))
        self._follow()
        if stopping := part_of(snapshot, "stopping"):
            self._stopping.resume(stopping)
        if self.path is not None and (path := part_of(snapshot, "path")):
            self.path.resume(path)
        self.epochs_wanted = max(self.epochs_wanted, self.trainer.epochs)
        done = self.trainer.epochs >= self.epochs_wanted and self.trainer.position == 0
        self.state = next((early for early in EARLY_ENDS if early == state), "finished" if done else "paused")

    def tune(self, training: TrainingConfig) -> None:
        """Take the learning rate and the number of epochs of ``training``, keeping weights and history."""
        self.requested = replace(
            self.requested,
            training=replace(self.requested.training, learning_rate=training.learning_rate, epochs=training.epochs),
        )
        self.trainer.optimizer.learning_rate = training.learning_rate
        self.epochs_wanted = training.epochs
        if self.state == "finished" and self.trainer.epochs < self.epochs_wanted:
            self.state = "paused"

    def set_weight(self, index: int, value: float) -> None:
        """Give parameter number ``index``, kernels then biases layer by layer, another value; keeps the rest."""
        parameters = self.trainer.model.parameters.flat
        if 0 <= index < len(parameters):
            parameters[index] = value
            self._touch()

    def swap_best(self) -> str:
        """Stop, and put the weights of the best epoch in the place of the newest, or back; which, in a sentence."""
        self.pause()
        said = self.best.swap(self.trainer.model.parameters.flat)
        self._touch()
        return said

    def train(self) -> None:
        """Start or go on; a run that was done gets as many epochs again."""
        if self.state in ("empty", "running", "diverged"):
            return
        if self.trainer.epochs >= self.epochs_wanted:
            self.epochs_wanted = self.trainer.epochs + self.experiment.training.epochs
        if self.state in ("stopped early", "finished"):
            self._stopping.begin_again(past_stop=self.state == "stopped early")
        self.state = "running"
        self.pace = StepRate()

    def pause(self) -> None:
        """Stop where it is."""
        if self.state == "running":
            self.state = "paused"

    def step(self) -> None:
        """One mini-batch, whatever the number of epochs wanted."""
        self._advance_by(1)

    def epoch(self) -> None:
        """The rest of the epoch under way, or a whole one."""
        self._advance_by(self.trainer.steps_per_epoch - self.trainer.position)

    def advance(self, seconds: float) -> None:
        """Train for about ``seconds``, as long as the state is running."""
        deadline = time.perf_counter() + seconds
        if self.limit is not None and self.state == "running":
            self._advance_slowly(self.limit)
        while self.state == "running" and self.limit is None:
            before = time.perf_counter()
            done = self._run(self._chunk)
            now = time.perf_counter()
            self._spend(now - before)
            self.pace.record(done, now)
            # chunks of about a fifth of the slice keep both the overhead and the overshoot small
            if done == self._chunk and now - before < seconds / 8:
                self._chunk *= 2
            elif now - before > seconds / 4:
                self._chunk = max(1, self._chunk // 2)
            if now >= deadline:
                break
        self._record()

    def advance_to_end(self) -> None:
        """Train until it is no longer running, with nothing to be done meanwhile but an interrupt."""
        while self.state == "running":
            self.advance(UNWATCHED)

    @property
    def idle(self) -> float:
        """Seconds in which ``advance`` has nothing to do, in slow motion."""
        slow = self.limit is not None and self.state == "running"
        return max(0.0, self._next_step - time.perf_counter()) if slow else 0.0

    @property
    def steps(self) -> int:
        """Steps done; 0 where nothing is loaded."""
        return 0 if self.state == "empty" else self.trainer.steps

    @property
    def values(self) -> dict[str, float]:
        """The newest value of everything recorded, and ``batch_loss``."""
        newest = {name: values[-1] for name, values in self.history.epochs.items()}
        if self._last_loss is not None:
            newest["batch_loss"] = self._last_loss
        return newest

    def summary(self) -> list[tuple[str, str, int, int]]:
        """Name, kind, units and parameters of each layer."""
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
        """At most ``steps`` steps within an epoch; returns how many."""
        if self._filled == SLICE_STEPS:
            self._record()
        before = self.trainer.steps
        if self.path is not None:
            steps = 1  # each step's parameters are taken down
        try:
            self.trainer.run_steps(self._losses[self._filled : self._filled + steps])
        except Diverged as error:
            sentence, self.remedy = diagnose(self, error)
            self._end("diverged", sentence.removesuffix("."))
        done = self.trainer.steps - before
        self._filled += done
        if self.path is not None and done:
            rate = self.trainer.optimizer.learning_rate
            self.path.add(self.trainer.steps, self.trainer.model.parameters.flat, rate)
        if self.trainer.position == 0 and self.state != "diverged":
            self._end_epoch()
        return done

    def _record(self) -> None:
        """Move the losses of the newest steps to the history: many at a time, since each move has a price."""
        if self._filled:
            self._last_loss = float(self._losses[self._filled - 1])
            self.history.add_steps(self._losses[: self._filled])
            self._filled = 0

    def _end_epoch(self) -> None:
        logs = self.trainer.end_epoch()
        self.history.add_epoch(logs)
        epoch, model = self.trainer.epochs, self.trainer.model
        self.best.after_epoch(epoch, logs, model.parameters.flat)
        if sentence := self._stopping.after_epoch(epoch, logs, model):
            self._end("stopped early", sentence)
        elif self.state == "running" and epoch >= self.epochs_wanted:
            self._end("finished", f"Finished {epoch:,} epochs, {self.trainer.steps:,} steps")

    def _advance_slowly(self, limit: float) -> None:
        """One step, if it is time for it."""
        now = time.perf_counter()
        if now >= self._next_step:
            self._next_step = now + 1.0 / limit
            self.pace.record(self._run(1), now)
            self._spend(1.0 / limit)

    @property
    def seconds(self) -> float:
        """Seconds of training so far."""
        return self._stopping.seconds

    def _spend(self, seconds: float) -> None:
        """Count time spent on training, and end it when it is up."""
        if self._stopping.time_is_up(seconds) and self.state == "running":
            limit = f"{self.experiment.training.stop_after:g} s of training"
            self._end("stopped early", f"Stopped after {limit}, in epoch {self.trainer.epochs + 1:,}")

    def _touch(self) -> None:
        """Note that the weights are others now, without a step."""
        self.touched += 1
        self._follow()

    def _follow(self) -> None:
        """Take down the way of the parameters from here on, where it can be drawn."""
        parameters = self.trainer.model.parameters.flat
        self.path = Trajectory(parameters, self.steps) if len(parameters) <= MAX_PARAMETERS else None

    def _end(self, state: EndState, sentence: str) -> None:
        """End the run; ``sentence`` lacks its full stop. Weights are restored where early stopping is to do so."""
        restored_epoch = self._stopping.restore_best(self.trainer.model)
        if restored_epoch is not None:
            self._touch()
            sentence += f"; the weights of epoch {restored_epoch:,} are back"
        self.state, self.sentence = state, f"{sentence}."


def diagnose(session: Session, error: Diverged) -> tuple[str, Remedy | None]:
    """What happened and why, and the remedy where there is one."""
    experiment, dataset = session.experiment, session.dataset
    sizes = np.sqrt(np.mean(session.split.x_train**2, axis=0))
    largest = int(sizes.argmax())
    if sizes[largest] > LARGE_FEATURE and not experiment.dataset.standardize:
        why = f"{dataset.features[largest]} is about {sizes[largest]:.3g} in size, and steps grow with the features"
        return _told(error, why, _standardized(error.learning_rate))
    if error.largest_gradient is None:
        return f"{error.finding} The first weights are too large; choose another initializer.", None
    if experiment.training.loss == "sum_squared_error" and experiment.training.batch_size != 1:
        why = f"the rate {error.learning_rate:g} is too high for a loss that is summed over the samples"
    else:
        why = f"the rate {error.learning_rate:g} is too high, so each step overshoots"
    rate = error.suggested_rate
    return _told(error, why, Remedy({"training.learning_rate": rate}, f"lowers the rate to {rate:g}"))


def _standardized(rate: float) -> Remedy:
    """Features of deviation 1, and a rate that suits them."""
    changes: dict[str, bool | float] = {"dataset.standardize": True}
    if rate <= SAFE_RATE:
        return Remedy(changes, "standardizes the features")
    changes["training.learning_rate"] = SAFE_RATE
    return Remedy(changes, f"standardizes the features, lowers the rate to {SAFE_RATE:g}")


def _told(error: Diverged, why: str, remedy: Remedy) -> tuple[str, Remedy]:
    return f"{error.finding} Why: {why}.", remedy


def joined(parts: Mapping[str, Mapping[str, Array]]) -> dict[str, Array]:
    """The arrays of all parts in one."""
    return {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}


def part_of(snapshot: Mapping[str, Array], name: str) -> dict[str, Array]:
    """The arrays of the part ``name``, by what follows the dot."""
    return {key.removeprefix(f"{name}."): array for key, array in snapshot.items() if key.startswith(f"{name}.")}


def moments(split: Split) -> dict[str, Array]:
    """What tells whether the data are those the weights were trained on."""
    return {"mean": split.mean, "scale": split.scale}


def check_moments(state: Mapping[str, Array], split: Split) -> None:
    """ValueError where the data have other means and deviations than when ``state`` was taken."""
    for name, now in moments(split).items():
        then = state.get(name, now)  # there is none in a snapshot of an older version
        if then.shape != now.shape or not np.isclose(then, now, rtol=CLOSE, atol=CLOSE * split.scale).all():
            raise ValueError("the data are no longer those it was trained on")


class StepRate:
    """Steps a second, from marks set while training."""

    def __init__(self) -> None:
        self._total = 0
        self._marks: deque[tuple[float, int]] = deque([(time.perf_counter(), 0)])

    def record(self, steps: int, now: float) -> None:
        """``steps`` more were done by ``now`` (seconds of ``time.perf_counter``)."""
        self._total += steps
        if now - self._marks[-1][0] >= WINDOW / 20:
            self._marks.append((now, self._total))
            while now - self._marks[0][0] > WINDOW and len(self._marks) > 2:
                self._marks.popleft()

    @property
    def steps_per_second(self) -> float:
        (start, first), (end, last) = self._marks[0], self._marks[-1]
        return (last - first) / (end - start) if end > start else 0.0


def fit_threads(model: Sequential, batch: int, most: int = MAX_THREADS) -> int:
    """Set the threads, ``most`` at most, for ``model`` and mini-batches of ``batch``; returns how many."""
    all_threads = _all_threads()  # asked before they are limited for the first time
    largest = max(kernel.size for kernel in model.parameters.kernels)
    threads = min(all_threads, most) if largest * batch >= THREADED_WORK else 1
    threadpool_limits(limits=threads, user_api="blas")
    return threads


@cache
def _all_threads() -> int:
    """What the library takes by itself: one a core, or what OMP_NUM_THREADS and the like say."""
    found = [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
    return min(max(found, default=1), MAX_THREADS)
