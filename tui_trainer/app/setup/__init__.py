"""The panels on the left, where an experiment is set up."""
