"""The Landscape view: the loss over parameters, computed beside the training."""

from .look import LandscapeLook

__all__ = ["LandscapeLook"]
