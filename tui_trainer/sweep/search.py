"""Model-based search: Optuna proposes the next combinations from the scores of those that were trained.

The study has no storage of its own. It is made anew for each batch, from the combinations that are done, and a
sampler whose seed follows from that of the search and the number of the batch. So a search that is made again, with
the runs that are in the store, proposes what it would have proposed without an interruption.
"""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from tui_trainer.errors import UserError, quoted

from .plan import Axis, Choices

SAMPLERS = ("tpe",)
INSTALL = "python -m pip install 'tui-trainer[search]'"
BATCH = 8  # combinations proposed at a time, on any machine; as good as one at a time, and trained together in half the
# time: 40 trials of rate, layers and penalty on Iris, from four seeds
DEFAULT_TRIALS = 30
MAX_TRIALS = 1_000
MAX_REPEATS = 50  # proposals in a row that were trained already, before one is drawn at random
MAX_DRAWS = 10_000  # of combinations that were trained already, before there is taken to be no other
LOG_SPAN = 100.0  # from which ratio of its ends on a range is searched on a log scale: two decades


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Keep Optuna's log lines and warnings to itself; other studies of this process log as before.

    NumPy warns of the logarithms of very wide ranges; the constant liar was experimental in older versions.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging = _optuna().logging
        before = logging.get_verbosity()
        logging.set_verbosity(logging.CRITICAL)
        try:
            yield
        finally:
            logging.set_verbosity(before)


@dataclass(frozen=True, slots=True)
class Trial:
    """A combination that was trained, and its score; None for a run that diverged or failed, which is the worst."""

    settings: Mapping[str, object]
    score: float | None


@dataclass(frozen=True, slots=True)
class Search:
    """A search for the best of ``trials`` combinations of ``axes`` from ``seed``; a larger score is better if
    ``rising``.
    """

    axes: tuple[Axis, ...]
    trials: int
    seed: int
    rising: bool

    @_silenced()
    def propose(self, done: Sequence[Trial]) -> list[dict[str, object]]:
        """Return the combinations to train next: those of a batch that are not ``done``, in the order of batches.

        None is proposed twice. There are fewer where hardly any other can be found, and none after the last trial.
        """
        batch = len(done) // BATCH
        earlier, rest = done[: batch * BATCH], done[batch * BATCH :]
        count = min(BATCH, self.trials - len(earlier)) - len(rest)
        seeds = np.random.SeedSequence([self.seed, batch])
        rng = np.random.default_rng(seeds)
        study, distributions = self._study(earlier, int(seeds.generate_state(1)[0]))
        tried = {_key(trial.settings) for trial in earlier}
        of_this_batch = {_key(trial.settings) for trial in rest}
        proposals: list[dict[str, object]] = []
        repeats = 0
        while len(proposals) < count:
            if repeats >= MAX_REPEATS:
                settings = self._draw_new(rng, tried | of_this_batch)
                if settings is None:
                    break
            else:
                trial = study.ask(distributions)
                settings = {axis.path: _value(axis, trial.params[axis.path]) for axis in self.axes}
            key = _key(settings)
            if key in of_this_batch:  # done already: in the study it goes on, as when it was first proposed
                of_this_batch.remove(key)
            elif key in tried:
                repeats += 1
                study.tell(trial, state=_optuna().trial.TrialState.FAIL)  # which the sampler ignores
                continue
            else:
                proposals.append(settings)
            tried.add(key)
        return proposals

    def fits(self, settings: Mapping[str, object]) -> bool:
        """Return whether a combination is one of this search."""
        return all(axis.contains(settings[axis.path]) for axis in self.axes)

    def _draw_new(self, rng: np.random.Generator, tried: set[str]) -> dict[str, object] | None:
        """Draw a combination that was not tried; None if there seems to be no other."""
        for _ in range(MAX_DRAWS):
            settings = {axis.path: axis.draw(rng) for axis in self.axes}
            if _key(settings) not in tried:
                return settings
        return None

    def _study(self, done: Sequence[Trial], seed: int) -> tuple[Any, dict[str, Any]]:
        """Return a study with the trials that are done, and the distributions of what is proposed next.

        Within a batch they are sorted, since their runs may have ended in any order.
        """
        optuna = _optuna()
        distributions = {axis.path: _distribution(axis) for axis in self.axes}
        sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
        study = optuna.create_study(direction="maximize" if self.rising else "minimize", sampler=sampler)
        worst = -math.inf if self.rising else math.inf
        for start in range(0, len(done), BATCH):
            for trial in sorted(done[start : start + BATCH], key=lambda trial: _key(trial.settings)):
                params = {axis.path: _parameter(axis, trial.settings[axis.path]) for axis in self.axes}
                score = worst if trial.score is None else trial.score
                study.add_trial(optuna.trial.create_trial(params=params, distributions=distributions, value=score))
        return study, distributions


def make_search(axes: Sequence[Axis], sampler: str, trials: int | None, seed: int, rising: bool) -> Search:
    """Return the search of these options; raise UserError if it is not possible, or Optuna is not installed."""
    if sampler not in SAMPLERS:
        raise UserError("search", f"expected {' or '.join(SAMPLERS)}, got {quoted(sampler)}")
    if not is_installed():
        raise UserError("search", f"Optuna is not installed; get it with {INSTALL}")
    if not axes:
        raise UserError("search", "needs a field to vary, such as --set training.learning_rate=1e-4..1")
    available = math.prod(axis.count for axis in axes)
    if trials is None:
        return Search(tuple(axes), int(min(DEFAULT_TRIALS, available)), seed, rising)
    if not 1 <= trials <= MAX_TRIALS:
        raise UserError("trials", f"expected a whole number from 1 to {MAX_TRIALS:,}, got {trials}")
    if trials > available:
        hint = "ask for fewer, or leave --search out for all of them"
        raise UserError("trials", f"expected at most {available:,} trials, which are all combinations; {hint}")
    return Search(tuple(axes), trials, seed, rising)


def first_settings(axes: Sequence[Axis]) -> dict[str, object]:
    """Return one combination of ``axes``, by which what is wrong with all of them is found before any is trained."""
    return {axis.path: axis.values[0] if isinstance(axis, Choices) else axis.low for axis in axes}


def is_installed() -> bool:
    """Return whether Optuna is there; it is not imported, which takes about a second."""
    return find_spec("optuna") is not None


def _optuna() -> Any:
    import optuna

    return optuna


def _distribution(axis: Axis) -> Any:
    """Return Optuna's distribution of a list, by the places in it, or of a range."""
    distributions = _optuna().distributions
    if isinstance(axis, Choices):
        return distributions.CategoricalDistribution(tuple(range(len(axis.values))))
    log = axis.log or (axis.low > 0 and axis.high >= LOG_SPAN * axis.low)
    if axis.whole:
        return distributions.IntDistribution(int(axis.low), int(axis.high), log=log)
    return distributions.FloatDistribution(float(axis.low), float(axis.high), log=log)


def _value(axis: Axis, parameter: Any) -> object:
    """Return the value of a field for a parameter of the study."""
    if isinstance(axis, Choices):
        return axis.values[parameter]
    return int(parameter) if axis.whole else axis.rounded(float(parameter))


def _parameter(axis: Axis, value: Any) -> Any:
    """Return the parameter of the study for a value of a field."""
    return list(map(repr, axis.values)).index(repr(value)) if isinstance(axis, Choices) else value


def _key(settings: Mapping[str, object]) -> str:
    return repr(sorted(settings.items()))
