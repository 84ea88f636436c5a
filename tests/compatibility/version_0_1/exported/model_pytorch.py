"""A network from tui-trainer, for PyTorch. Its weights and the scales of its features are in the files beside it.

predict(x) takes the features as they are in the data, in the order of "features" in model.json.
model is the network itself: it takes them standardized, as standardize(x) gives them.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

model = nn.Sequential(
    nn.Linear(2, 6),
    nn.LeakyReLU(0.01),
    nn.Dropout(0.1),
    nn.Linear(6, 4, bias=False),
    nn.Tanh(),
    nn.Linear(4, 3),
    nn.Softmax(dim=1),
).double()

folder = Path(__file__).resolve().parent
about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
mean = torch.tensor(about["mean"], dtype=torch.float64)
scale = torch.tensor(about["scale"], dtype=torch.float64)
model.load_state_dict(load_file(folder / "weights.safetensors"))
model.eval()


def standardize(x):
    """Features x (n, 2) as the network was trained on them; the division is done in double precision."""
    return ((torch.as_tensor(x, dtype=torch.float64) - mean) / scale).to(torch.float64)


def predict(x):
    """Outputs (n, 3) for features x (n, 2) as they are in the data."""
    with torch.no_grad():
        return model(standardize(x))


# To train on: model.train(), and then for each batch
#   optimizer.zero_grad(); loss(model(standardize(x)), y).backward(); optimizer.step()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, betas=(0.8, 0.999), eps=1e-08)


def loss(outputs, y):
    """The loss of outputs against y, both (n, 3), and the penalty on the weights."""
    kernels = [w for name, w in model.named_parameters() if name.endswith("weight")]
    value = -(y * outputs.clamp_min(torch.finfo(outputs.dtype).eps).log()).sum(dim=1).mean()
    return value + 0.001 * sum((w**2).sum() for w in kernels)


if __name__ == "__main__":
    print(model)
