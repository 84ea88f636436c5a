"""What a parameter is called: w and b where there is one of a kind, else with layer and place, counted from 1."""

from __future__ import annotations

from tui_trainer.engine import Sequential


def next_layer(model: Sequential, index: int) -> int:
    """The number of the first parameter in the layer after that of parameter ``index``; after the last the first."""
    start = 0
    for layer, inputs in model.dense:
        start += layer.count_params(inputs)
        if index < start:
            break
    return start % model.count_params()


def parameter_name(model: Sequential, index: int) -> str:
    """The name of parameter ``index``, kernel then bias, layer by layer: ``w``, ``layer 2: w[3,1]``, ``b[4]``."""
    for number, (layer, inputs) in enumerate(model.dense, start=1):
        size = layer.count_params(inputs)
        if index >= size:
            index -= size
            continue
        row, unit = divmod(index, layer.units)
        kind, places, whole = ("b", (unit,), layer.units) if row == inputs else ("w", (row, unit), inputs * layer.units)
        if kind == "w" and layer.units == 1:
            places = (row,)
        place = "" if whole == 1 else f"[{','.join(str(one + 1) for one in places)}]"
        return f"layer {number}: {kind}{place}" if len(model.dense) > 1 else f"{kind}{place}"
    raise IndexError(f"the model has {model.count_params()} parameters, so none has the number {index}")
