"""The Boundary tab: the output over the features."""
