"""One training run: no process, no file, no screen."""
