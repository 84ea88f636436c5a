"""The panels on the left, in which an experiment is set up."""
