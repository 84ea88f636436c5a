"""How fast is a training step, beside PyTorch, scikit-learn and JAX on the same nets, in one run?

    python benchmarks/engine.py [rounds]

Contestants take turns within a round, so that a drift of the machine hits all alike, and each is given the
median and the minimum over the rounds. A peer that is not installed is skipped. All nets: relu hidden
layers, softmax, categorical cross-entropy, plain SGD, float32; a step returns its loss.
"""

from __future__ import annotations

import statistics
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tui_trainer.engine import SGD, Dense, InputLayer, Sequential, Trainer

try:
    import threadpoolctl
except ImportError:
    threadpoolctl = None
try:
    import torch
except ImportError:
    torch = None
try:
    from sklearn.neural_network import MLPClassifier
except ImportError:
    MLPClassifier = None
try:
    import jax
    import jax.numpy as jnp
except ImportError:
    jax = None

RATE = 0.01
OURS = "this engine"
Steps = Callable[[], int]  # runs some steps and returns how many


@dataclass(frozen=True)
class Net:
    """One question: a net, its batch, and the marks that its peers' ratios are held against."""

    sizes: tuple[int, ...]
    batch: int
    batches: int
    marks: dict[str, float]

    @property
    def name(self) -> str:
        return f"{'-'.join(map(str, self.sizes))}, batch {self.batch}"

    @property
    def is_large(self) -> bool:
        return self.sizes[0] * self.sizes[1] > 100_000

    @property
    def flops(self) -> int:
        """Of the products of one step: forward, kernel gradients, and deltas of all layers but the first."""
        pairs = list(zip(self.sizes, self.sizes[1:], strict=False))
        forward = sum(2 * self.batch * (inputs + 1) * units for inputs, units in pairs)
        return 2 * forward + sum(2 * self.batch * inputs * units for inputs, units in pairs[1:])

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """x (n, features) and class numbers (n,)."""
        rng = np.random.default_rng(0)
        n = self.batch * self.batches
        x = rng.normal(size=(n, self.sizes[0])).astype(np.float32)
        return x, rng.integers(0, self.sizes[-1], n)


NETS = (
    Net((4, 100, 3), 30, 5, {"PyTorch": 10.0, "scikit-learn": 7.0, "JAX scan": 1 / 2.5}),
    Net((2, 8, 8, 2), 10, 20, {"PyTorch": 14.0, "scikit-learn": 7.0, "JAX scan": 1 / 2.5}),
    Net((784, 512, 256, 10), 128, 8, {"PyTorch": 1.2}),
)


CONTROLLER = threadpoolctl.ThreadpoolController() if threadpoolctl is not None else None


def blas_threads(count: int | None) -> AbstractContextManager[Any]:
    """NumPy's BLAS on so many threads; as it comes where that is None or cannot be set."""
    if CONTROLLER is None or count is None:
        return nullcontext()
    return CONTROLLER.limit(limits=count, user_api="blas")


def engine_trainer(net: Net) -> Trainer:
    x, classes = net.data()
    hidden = [Dense(units, "relu") for units in net.sizes[1:-1]]
    model = Sequential([InputLayer(net.sizes[0]), *hidden, Dense(net.sizes[-1], "softmax")])
    targets = np.eye(net.sizes[-1], dtype=np.float32)[classes]
    return Trainer(model, x, targets, loss="categorical_crossentropy", optimizer=SGD(RATE), batch_size=net.batch)


def engine_steps(net: Net) -> Steps:
    trainer = engine_trainer(net)
    repeats, losses = (1 if net.is_large else 40), np.empty(net.batches)

    def run() -> int:
        for _ in range(repeats):
            trainer.run_steps(losses)
        return repeats * net.batches

    return run


def torch_steps(net: Net) -> Steps:
    x, classes = net.data()
    layers: list[Any] = []
    for inputs, units in zip(net.sizes, net.sizes[1:], strict=False):
        layers += [torch.nn.Linear(inputs, units), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    criterion = torch.nn.CrossEntropyLoss()
    pairs = list(zip(torch.from_numpy(x).split(net.batch), torch.from_numpy(classes).split(net.batch), strict=True))
    repeats = 1 if net.is_large else 4

    def run() -> int:
        for _ in range(repeats):
            for features, targets in pairs:
                optimizer.zero_grad()
                loss = criterion(model(features), targets)
                loss.backward()
                optimizer.step()
                loss.item()
        return repeats * net.batches

    return run


def sklearn_steps(net: Net) -> Steps:
    """``fit`` with a warm start: one call runs many epochs, so that its checks of the data hardly count."""
    x, classes = net.data()
    epochs = 1 if net.is_large else 10
    model = MLPClassifier(
        net.sizes[1:-1],
        solver="sgd",
        momentum=0.0,
        alpha=0.0,
        learning_rate_init=RATE,
        batch_size=net.batch,
        shuffle=False,
        max_iter=epochs,
        tol=0.0,
        n_iter_no_change=10**9,
        warm_start=True,
    )

    def run() -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged, each time
            model.fit(x, classes)
        return epochs * net.batches

    return run


def jax_weights(net: Net, stack: tuple[int, ...] = ()) -> Any:
    """Kernel and bias of each layer, or those of a stack of networks."""
    rng = np.random.default_rng(1)

    def glorot(inputs: int, units: int) -> Any:
        limit = (6.0 / (inputs + units)) ** 0.5
        kernels = rng.uniform(-limit, limit, (*stack, inputs, units)).astype(np.float32)
        return jnp.asarray(kernels), jnp.zeros((*stack, units), jnp.float32)

    return [glorot(inputs, units) for inputs, units in zip(net.sizes, net.sizes[1:], strict=False)]


def jax_epochs(net: Net, repeats: int) -> Callable[[Any, Any], Any]:
    """A function of weights and learning rate that trains for so many epochs: the new weights, and the losses."""
    x, classes = net.data()
    xs = jnp.asarray(x.reshape(net.batches, net.batch, -1))
    ys = jax.nn.one_hot(jnp.asarray(classes.reshape(net.batches, net.batch)), net.sizes[-1])

    def loss_of(weights: Any, batch: Any) -> Any:
        a, y = batch
        for kernel, bias in weights[:-1]:
            a = jax.nn.relu(a @ kernel + bias)
        kernel, bias = weights[-1]
        return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(a @ kernel + bias), axis=1))

    def epochs(weights: Any, rate: Any) -> Any:
        def step(weights: Any, batch: Any) -> Any:
            loss, gradients = jax.value_and_grad(loss_of)(weights, batch)
            return jax.tree.map(lambda w, g: w - rate * g, weights, gradients), loss

        return jax.lax.scan(lambda w, _: jax.lax.scan(step, w, (xs, ys)), weights, None, length=repeats)

    return epochs


def jax_steps(net: Net) -> Steps:
    repeats = 1 if net.is_large else 40
    epochs, state = jax.jit(jax_epochs(net, repeats)), [jax_weights(net)]

    def run() -> int:
        state[0], losses = epochs(state[0], RATE)
        losses.block_until_ready()
        return repeats * net.batches

    return run


@dataclass
class Contestant:
    """One way of taking steps on one net, and the seconds a step took in each round."""

    name: str
    threads: int | None
    steps: Steps
    seconds: list[float] = field(default_factory=list)

    def take_turn(self) -> None:
        if torch is not None and self.threads is not None:
            torch.set_num_threads(self.threads)
        with blas_threads(self.threads):
            start = time.perf_counter()
            count = self.steps()
            self.seconds.append((time.perf_counter() - start) / count)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def contestants(net: Net) -> list[Contestant]:
    limits = (1, 2) if threadpoolctl is not None else (None,)
    result = [Contestant(OURS, n, engine_steps(net)) for n in limits]
    if torch is not None:
        result += [Contestant("PyTorch", n, torch_steps(net)) for n in (1, 2)]
    if MLPClassifier is not None:
        result += [Contestant("scikit-learn", n, sklearn_steps(net)) for n in limits]
    if jax is not None:
        result.append(Contestant("JAX scan", None, jax_steps(net)))
    return result


def sgemm_steps(size: int) -> Steps:
    rng = np.random.default_rng(0)
    a, b, out = (rng.normal(size=(size, size)).astype(np.float32) for _ in range(3))

    def run() -> int:
        np.dot(a, b, out=out)
        return 1

    return run


def race(entries: list[Contestant], rounds: int) -> None:
    for entry in entries:  # one turn to warm up: compilation, caches, threads
        entry.take_turn()
        entry.seconds.clear()
    for _ in range(rounds):
        for entry in entries:
            entry.take_turn()


def show(net: Net, entries: list[Contestant]) -> None:
    """A line for each, and how many times as fast ours is, each with the threads that suit it best.

    The marks are held against the minima, which a machine busy with other things distorts least.
    """
    medians: dict[str, float] = {}
    minima: dict[str, float] = {}
    for entry in entries:
        medians[entry.name] = min(entry.median, medians.get(entry.name, entry.median))
        minima[entry.name] = min(*entry.seconds, minima.get(entry.name, entry.seconds[0]))
    print(f"\n{net.name}")
    print(f"  {'':<14} {'threads':>7} {'median':>10} {'minimum':>10}")
    for entry in entries:
        times = f"{entry.median * 1e6:7.1f} us {min(entry.seconds) * 1e6:7.1f} us"
        print(f"  {entry.name:<14} {entry.threads or '-':>7} {times}")
    for name in [name for name in medians if name != OURS]:
        ratio = minima[name] / minima[OURS]
        by_medians = medians[name] / medians[OURS]
        line = f"  ours is {ratio:.2f} x as fast as {name} by minima, {by_medians:.2f} x by medians"
        if mark := net.marks.get(name):
            line += f" (mark {mark:.1f}: {'met' if ratio >= mark else 'missed'})"
        print(line)


def show_share_of_peak(net: Net, entries: list[Contestant], peaks: list[Contestant], size: int) -> None:
    print(f"  share of the sgemm rate ({size} x {size} in the same rounds), {net.flops / 1e6:.0f} Mflop a step:")
    for entry, peak in zip([entry for entry in entries if entry.name == OURS], peaks, strict=True):
        shares = []
        for pick in (statistics.median, min):
            rate, best = net.flops / pick(entry.seconds), 2 * size**3 / pick(peak.seconds)
            shares.append(f"{rate / 1e9:.0f} of {best / 1e9:.0f} Gflop/s = {100 * rate / best:.0f} %")
        print(f"  {'':<14} {entry.threads or '-':>7} median {shares[0]}, minimum {shares[1]}")


def show_memory(net: Net, steps: int = 10_000) -> None:
    trainer, losses = engine_trainer(net), np.empty(net.batches)
    trainer.run_steps(losses)
    tracemalloc.start()
    trainer.run_steps(losses)
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    for _ in range(steps // net.batches):
        trainer.run_steps(losses)
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"  {net.name:<32} kept {after - before:>5} bytes, peak {peak - before:>5} bytes")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    peers = {"PyTorch": torch, "scikit-learn": MLPClassifier, "JAX": jax, "threadpoolctl": threadpoolctl}
    for name, module in peers.items():
        if module is None:
            print(f"{name} is not installed: skipped")
    if threadpoolctl is not None:
        for pool in threadpoolctl.threadpool_info():
            kind = f"{pool['internal_api']} {pool.get('architecture', '')}"
            print(f"{pool['user_api']}: {kind} {pool['num_threads']} threads")
    for net in NETS:
        entries = contestants(net)
        size = 1024
        peaks = [
            Contestant("sgemm", entry.threads, sgemm_steps(size))
            for entry in entries
            if entry.name == OURS and net.is_large
        ]
        race(entries + peaks, rounds)
        show(net, entries)
        if peaks:
            show_share_of_peak(net, entries, peaks, size)
    print("\nmemory over 10,000 steps")
    for net in NETS[:2]:
        show_memory(net)


if __name__ == "__main__":
    main()
