"""The Summary tab: the model, layer by layer."""
