"""The Boundary view, computed: the model, or one neuron of it, over two features or over the only one."""

from .look import BoundaryLook

__all__ = ["BoundaryLook"]
