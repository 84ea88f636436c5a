"""The Predictions view: what the model says of samples whose answer is known."""

from __future__ import annotations

from .view import Content, Request


class WatchPredictions(Request, frozen=True):
    """Look at the predictions for the training or the validation part."""

    validation: bool = True


class ClassPredictions(Content, frozen=True):
    """Classes: the confusion matrix and the worst samples."""


class NumberPredictions(Content, frozen=True):
    """Numbers: predicted against true, and the residuals."""
