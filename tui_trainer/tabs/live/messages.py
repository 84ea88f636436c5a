"""The Live tab: what each neuron sees, the links between them, the output over two features, and the loss."""

from __future__ import annotations

import msgspec

from tui_trainer.protocol import Content, Request
from tui_trainer.tabs.boundary.messages import Boundary, Function, WatchBoundary
from tui_trainer.tabs.loss.messages import LossContent
from tui_trainer.tabs.predictions.messages import ClassPredictions, NumberPredictions


class WatchLive(Request, frozen=True):
    """All that is shown at once.

    The windows of ``boundary.thumbs`` are the neurons that are drawn, layers from left to right. With ``tally``,
    predictions are compared with what is true, too, of as many ``classes`` as there is room for.
    """

    boundary: WatchBoundary
    tally: bool = False
    classes: int = 12


class Links(msgspec.Struct, frozen=True):
    """The weights into the drawn neurons of ``layer``, from those of the layer before.

    ``shades`` (sources, targets) are signed bytes, 127 for the largest weight of the layer, by magnitude.
    """

    layer: int
    shades: bytes


class Live(Content, frozen=True):
    """The output, or the neuron that was chosen, with the small pictures of all drawn neurons; links; and the loss.

    ``tally`` are the predictions, if they were requested and there is one number for each sample.
    """

    boundary: Boundary | Function
    links: tuple[Links, ...]
    loss: LossContent
    params: int
    tally: ClassPredictions | NumberPredictions | None = None


AnyRequest = WatchLive
AnyContent = Live
