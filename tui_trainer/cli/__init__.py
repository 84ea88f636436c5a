"""The command line: ``main`` chooses the command, and each command has a module."""
