"""Weights out as PyTorch's tensors, and back; what is another network's is refused in a sentence."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load
from trained_runs import SMALL, session_of, trained_on

from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.export.trained import load_weights
from tui_trainer.export.weights import Drop, Linear, Phi, from_tensors, modules, read_weights, to_tensors, weights_bytes
from tui_trainer.training.session import Session


def test_modules_are_numbered_as_in_a_sequential() -> None:
    resolved = trained_on().resolved
    assert modules(resolved, 4) == [
        Linear(0, 4, 6, True),
        Phi("tanh"),
        Drop(0.2),
        Linear(3, 6, 4, False),
        Phi("relu"),
        Linear(5, 4, 3, True),
        Phi("softmax"),
    ]
    with pytest.raises(ValueError, match="not resolved"):
        modules(SMALL, 4)


def test_batch_normalization_is_a_module_with_pytorchs_names(tmp_path: Path) -> None:
    layers = [{"units": 6, "batch_norm": True}, {"units": 4, "use_bias": False, "batch_norm": True}]
    session = session_of(with_field(SMALL, "model.layers", layers))
    model = session.trainer.model
    assert [type(module).__name__ for module in modules(session.experiment, 4)[:3]] == ["Linear", "Norm", "Phi"]
    tensors = to_tensors(session.experiment, 4, model.get_weights())
    assert {name.split(".")[1] for name in tensors if name[0] == "1"} == {
        "weight",
        "bias",
        "running_mean",
        "running_var",
    }
    np.testing.assert_array_equal(tensors["4.running_var"], model.parameters.moving_variances[1])
    path = tmp_path / "w.safetensors"
    path.write_bytes(weights_bytes({**tensors, "1.num_batches_tracked": np.array(7)}))
    again = Session()
    again.load(session.requested)
    load_weights(again, path)
    np.testing.assert_array_equal(again.trainer.model.parameters.flat, model.parameters.flat)
    tensors["1.running_var"] = -tensors["1.running_var"]
    with pytest.raises(UserError, match=r"tensor 1\.running_var holds values below 0"):
        from_tensors(session.experiment, 4, tensors)


def test_written_weights_are_read_back() -> None:
    trained = trained_on()
    content = weights_bytes(to_tensors(trained.resolved, 4, trained.weights))
    assert b'"format":"pt"' in content[:300]
    tensors = load(content)
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    assert shapes == {"0.weight": (6, 4), "0.bias": (6,), "3.weight": (4, 6), "5.weight": (3, 4), "5.bias": (3,)}
    np.testing.assert_array_equal(tensors["0.weight"], trained.weights[0].T)
    for ours, again in zip(trained.weights, from_tensors(trained.resolved, 4, tensors), strict=True):
        np.testing.assert_array_equal(ours, again)


def test_a_run_begins_with_a_file(tmp_path: Path) -> None:
    before = session_of()
    path = tmp_path / "w.safetensors"
    path.write_bytes(weights_bytes(to_tensors(before.experiment, 4, before.trainer.model.get_weights())))
    session = Session()
    session.load(with_field(SMALL, "model.dtype", "float64"))
    load_weights(session, path)
    assert session.trainer.model.parameters.flat.dtype == np.float64
    np.testing.assert_array_equal(session.trainer.model.parameters.flat, before.trainer.model.parameters.flat)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"0.weight": None}, "has no tensor 0.weight, only '0.bias', '3.weight', '5.bias', '5.weight'"),
        ({"0.weight": np.zeros((7, 4))}, "0.weight is 7 x 4 in the file, but 6 x 4 in this network"),
        ({"5.bias": np.array(1.0)}, "5.bias is a single number in the file, but 3 in this network"),
        ({"5.bias": np.array([1.0, np.inf, 0.0])}, "5.bias holds values that are not finite"),
        ({"5.bias": np.zeros(3, np.int64)}, "5.bias holds values that are not finite"),
        ({"7.weight\x1b[2J": np.zeros(1)}, "tensor '7.weight\\x1b[2J' that this network does not have"),
    ],
)
def test_another_networks_weights_are_refused(change: dict[str, np.ndarray | None], complaint: str) -> None:
    trained = trained_on()
    tensors = to_tensors(trained.resolved, 4, trained.weights) | {k: v for k, v in change.items() if v is not None}
    tensors = {name: tensor for name, tensor in tensors.items() if change.get(name, tensor) is not None}
    with pytest.raises(UserError, match=re.escape(complaint)) as raised:
        from_tensors(trained.resolved, 4, tensors)
    assert raised.value.field == "model.weights"


HEADER = b'{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'


@pytest.mark.parametrize(
    "content", [b"", b"text, not tensors", struct.pack("<Q", 10**18), struct.pack("<Q", len(HEADER)) + HEADER + b"1234"]
)
def test_what_is_no_such_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(UserError, match="is not a complete safetensors file"):
        read_weights(path, trained_on().resolved, 4)
    with pytest.raises(UserError, match="is a folder; give the path of a file"):
        read_weights(tmp_path, trained_on().resolved, 4)
    with pytest.raises(UserError, match="there is no file"):
        read_weights(tmp_path / "nothing", trained_on().resolved, 4)
