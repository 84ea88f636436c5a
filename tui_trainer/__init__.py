"""tui-trainer: build, train and understand neural networks in the terminal."""

__version__ = "0.1.0"
