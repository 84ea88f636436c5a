"""The command line: ``main`` chooses the command, and each command has a module."""

DEBUG = "--debug"  # an option of every command
