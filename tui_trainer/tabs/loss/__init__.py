"""The Loss tab: curves over the epochs."""
