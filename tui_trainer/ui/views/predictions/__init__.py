"""The Predictions tab: where the model is right, and where it is wrong."""

from .view import PredictionsView

__all__ = ["PredictionsView"]
