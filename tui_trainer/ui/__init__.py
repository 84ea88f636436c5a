"""The terminal app: edits an experiment, shows reports. Does no arithmetic beyond layout."""
