"""The Predictions tab: where the model is right and where it is wrong."""
