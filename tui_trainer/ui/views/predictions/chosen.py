"""One sample closely: what the model says of it, and its raw features."""

from __future__ import annotations

import numpy as np

from tui_trainer.plotting.frame import Board, shorten
from tui_trainer.protocol.framing import unpack
from tui_trainer.settings.schema import Markers
from tui_trainer.tabs.predictions.messages import ClassPredictions, NumberPredictions

from .numbers import number
from .picture import BAR, DIM, HEAD, RIGHT, TEXT, WRONG, Picture

GAP = "   "
NAME = 16  # cells of a class's name, at most
VALUE = 8
USUAL_VALUE = 6  # cells of a feature's value, with a space
EIGHTHS = " ▏▎▍▌▋▊▉█"
LEAST_FEATURES = 1  # lines kept for them where there are many classes


def lines_wanted(picture: Picture, width: int) -> int:
    """How many rows show about everything, whichever sample is chosen."""
    outputs = len(picture.classes) + 1 if picture.classes else 0
    features = sum(len(name) + USUAL_VALUE + len(GAP) for name in picture.features)
    return 1 + outputs + -(-features // max(width, 1))


def draw_chosen(board: Board, picture: Picture, markers: Markers) -> None:
    """A line of what it is, its probabilities and their sum, its features."""
    content = picture.content
    if isinstance(content, ClassPredictions):
        _write_classes(board, picture, content, markers)
    elif isinstance(content, NumberPredictions):
        chosen = content.chosen
        said = f"{shorten(picture.target, NAME)} {number(chosen.true)}, predicted {number(chosen.predicted)}"
        said = f"row {chosen.row}: {said} ({chosen.certainty:+.4g}), loss {number(chosen.loss)}"
        board.write(0, 0, shorten(said, board.width), HEAD)
        _write_features(board, picture, 1)


def _write_classes(board: Board, picture: Picture, content: ClassPredictions, markers: Markers) -> None:
    chosen = content.chosen
    true, predicted = picture.classes[int(chosen.true)], picture.classes[int(chosen.predicted)]
    said = f"row {chosen.row}: {true}, predicted {predicted}, loss {number(chosen.loss)}"
    board.write(0, 0, shorten(said, board.width), HEAD)
    outputs = unpack(chosen.outputs)
    room = max(board.height - 2 - min(LEAST_FEATURES, len(_wrapped(picture, board.width))), 1)
    shown = _shown(outputs, int(chosen.true), room)
    names = [picture.classes[k] for k in shown] if len(outputs) > 1 else ["output"]
    label = min(NAME, max(map(len, (*names, "00 others"))))
    for line, (k, name) in enumerate(zip(shown, names, strict=True), start=1):
        role = TEXT if len(outputs) == 1 else RIGHT if k == chosen.true else WRONG if k == chosen.predicted else TEXT
        board.write(line, 1, f"{shorten(name, label):<{label}}{outputs[k]:{VALUE}.4f} ", role)
        start = label + VALUE + 2
        board.write(line, start, _bar(float(outputs[k]), board.width - start, markers), BAR)
    below = 1 + len(shown)
    if len(shown) < len(outputs):
        rest = chosen.sum - float(outputs[shown].sum())
        board.write(below, 1, f"{len(outputs) - len(shown)} others".ljust(label) + f"{rest:{VALUE}.4f}", DIM)
        below += 1
    board.write(below, 1, f"{'sum':<{label}}{chosen.sum:{VALUE}.4f}", HEAD)
    meant = _meaning(picture, content, len(outputs))
    board.write(below, label + VALUE + 2, shorten(meant, max(board.width - label - VALUE - 2, 0)), DIM)
    _write_features(board, picture, below + 1)


def _shown(outputs: np.ndarray, true: int, room: int) -> list[int]:
    """All classes in their order, or those of the largest outputs and the true one, with a line for the rest."""
    if len(outputs) <= room:
        return list(range(len(outputs)))
    largest = np.argsort(-outputs, kind="stable")[: max(room - 1, 1)].tolist()
    if true not in largest:
        largest[-1] = true
    return sorted(largest)


def _meaning(picture: Picture, content: ClassPredictions, outputs: int) -> str:
    if outputs == 1:
        return f"from 0.5 on it is {picture.classes[1]}"
    if not content.probabilities:
        return "need not be 1; the largest decides"
    if outputs == 2 and len(picture.classes) == 2:
        return f"from 0.5 on it is {picture.classes[1]}"
    return "the largest decides"


def _bar(share: float, room: int, markers: Markers) -> str:
    """A bar from 0 to 1, in eighths of a cell."""
    filled = min(max(share, 0.0), 1.0) * room if share == share else 0.0
    if markers == "ascii":
        return "#" * round(filled)
    eighths = round(8 * filled)
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def _wrapped(picture: Picture, width: int) -> list[str]:
    """Names and values of the features, in lines of at most ``width``."""
    content, lines = picture.content, [""]
    if content is None:
        return []
    for name, value in zip(picture.features, unpack(content.chosen.features).tolist(), strict=True):
        item = shorten(f"{name} {number(value)}", width - 1)
        if lines[-1] and len(lines[-1]) + len(GAP) + len(item) > width - 1:
            lines.append("")
        lines[-1] += (GAP if lines[-1] else "") + item
    return lines


def _write_features(board: Board, picture: Picture, top: int) -> None:
    lines = _wrapped(picture, board.width)
    room = board.height - top
    for line, text in enumerate(lines[: max(room, 0)]):
        more = " …" if line == room - 1 and len(lines) > room else ""
        board.write(top + line, 1, shorten(text + more, board.width - 1), TEXT)
