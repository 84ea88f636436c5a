"""The Predictions view: the samples ranked by their loss, the confusion matrix, and the loss as a curve."""

from .look import PredictionsLook

__all__ = ["PredictionsLook"]
