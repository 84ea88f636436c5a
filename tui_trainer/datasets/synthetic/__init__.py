"""Toy sets: points made from a formula, a noise level and a seed, as TensorFlow Playground makes them."""

from .generate import generate
from .transforms import TRANSFORMS, derive

__all__ = ["TRANSFORMS", "derive", "generate"]
