"""How fast are many small networks trained together, by network and step, beside one by one and beside the peers?

    python benchmarks/stacked.py [ROUNDS]

The nets, their data and the way of measuring are those of ``engine.py``, and all use one thread. Each figure is the
time of one step of one network: a stack's step divided by its networks. A peer that is not installed is skipped.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from engine import (
    RATE,
    Contestant,
    MLPClassifier,
    Net,
    Steps,
    engine_steps,
    jax,
    jax_epochs,
    jax_steps,
    jax_weights,
    jnp,
    race,
    sklearn_steps,
    torch,
    torch_steps,
)

from tui_trainer.engine import SGD, Dense, InputLayer, Sequential, StackedTrainer

SIZES = (1, 4, 16, 64)
SINGLE, SCAN = "this engine, one by one", "JAX scan, one by one"
NETS = (  # with the mark: how many times as fast 64 together are
    (Net((2, 8, 8, 2), 10, 20, {}), 4.0),
    (Net((4, 16, 3), 32, 5, {}), 7.0),
    (Net((4, 100, 3), 30, 5, {}), 1.7),
)


def stacked_steps(net: Net, count: int) -> Steps:
    x, classes = net.data()
    hidden = [Dense(units, "relu") for units in net.sizes[1:-1]]
    layers = [InputLayer(net.sizes[0]), *hidden, Dense(net.sizes[-1], "softmax")]
    trainer = StackedTrainer(
        [Sequential(layers, seed) for seed in range(count)],
        x,
        np.eye(net.sizes[-1], dtype=np.float32)[classes],
        loss="categorical_crossentropy",
        optimizers=[SGD(RATE * (1 + number / count)) for number in range(count)],
        seeds=range(count),
        batch_size=net.batch,
    )
    repeats, losses = max(1, 40 // count), np.empty((net.batches, count))

    def run() -> int:
        for _ in range(repeats):
            trainer.run_steps(losses)
        return repeats * net.batches * count

    return run


def torch_stacked_steps(net: Net, count: int) -> Steps:
    """``torch.func``: the gradient of a function of all weights, mapped over the networks."""
    x, classes = net.data()
    layers: list[Any] = []
    for inputs, units in zip(net.sizes, net.sizes[1:], strict=False):
        layers += [torch.nn.Linear(inputs, units), torch.nn.ReLU()]
    models = [torch.nn.Sequential(*layers[:-1]) for _ in range(count)]
    weights, buffers = torch.func.stack_module_state(models)
    weights = {name: tensor.detach() for name, tensor in weights.items()}
    rates = torch.linspace(RATE, 2 * RATE, count)
    pairs = list(zip(torch.from_numpy(x).split(net.batch), torch.from_numpy(classes).split(net.batch), strict=True))
    repeats = max(1, 4 // count)

    def loss_of(parameters: Any, features: Any, targets: Any) -> Any:
        outputs = torch.func.functional_call(models[0], (parameters, buffers), (features,))
        return torch.nn.functional.cross_entropy(outputs, targets)

    step = torch.func.vmap(torch.func.grad_and_value(loss_of), in_dims=(0, None, None))

    def run() -> int:
        for _ in range(repeats):
            for features, targets in pairs:
                gradients, losses = step(weights, features, targets)
                for name, gradient in gradients.items():
                    weights[name] -= rates.view(-1, *[1] * (gradient.dim() - 1)) * gradient
                losses.tolist()
        return repeats * net.batches * count

    return run


def jax_stacked_steps(net: Net, count: int) -> Steps:
    """A scan over the steps, mapped over the networks."""
    repeats = max(1, 40 // count)
    mapped = jax.jit(jax.vmap(jax_epochs(net, repeats)))
    rates, state = jnp.linspace(RATE, 2 * RATE, count), [jax_weights(net, (count,))]

    def run() -> int:
        state[0], losses = mapped(state[0], rates)
        losses.block_until_ready()
        return repeats * net.batches * count

    return run


def contestants(net: Net) -> list[Contestant]:
    entries = [Contestant(SINGLE, 1, engine_steps(net))]
    entries += [Contestant(f"this engine, {count} together", 1, stacked_steps(net, count)) for count in SIZES]
    if torch is not None:
        entries.append(Contestant("PyTorch, one by one", 1, torch_steps(net)))
        entries += [Contestant(f"torch.func, {count} together", 1, torch_stacked_steps(net, count)) for count in SIZES]
    if jax is not None:
        entries.append(Contestant(SCAN, None, jax_steps(net)))
        entries += [Contestant(f"JAX scan, {count} together", None, jax_stacked_steps(net, count)) for count in SIZES]
    if MLPClassifier is not None:
        entries.append(Contestant("scikit-learn, one by one", 1, sklearn_steps(net)))
    return entries


def main() -> None:
    """Print a table for each net, and the ratios that are held against the marks."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    for net, mark in NETS:
        entries = contestants(net)
        race(entries, rounds)
        minima = {entry.name: min(entry.seconds) for entry in entries}
        print(f"\n{net.name}: microseconds of a step of one network, the least of {rounds} rounds and the median")
        for entry in entries:
            print(f"  {entry.name:<28} {min(entry.seconds) * 1e6:8.2f} {entry.median * 1e6:8.2f}")
        largest = minima[f"this engine, {SIZES[-1]} together"]
        ratio = minima[SINGLE] / largest
        print(f"  {SIZES[-1]} together are {ratio:.1f} x as fast as one by one ({_verdict(ratio, mark)})")
        if SCAN in minima:
            print(
                f"  and {minima[SCAN] / largest:.2f} x as fast as JAX's scan ({_verdict(minima[SCAN] / largest, 1.0)})"
            )
            mapped = minima[f"JAX scan, {SIZES[-1]} together"]
            print(f"  JAX's scan with vmap takes {mapped / largest:.2f} of our time")


def _verdict(ratio: float, mark: float) -> str:
    return f"mark {mark:g}: {'met' if ratio >= mark else 'missed'}"


if __name__ == "__main__":
    main()
