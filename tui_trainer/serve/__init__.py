"""Serves the app to browsers: a server on this machine, with a process of the app for each browser tab."""
