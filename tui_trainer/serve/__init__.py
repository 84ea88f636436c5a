"""The app in a browser: a server on this machine, and an app of its own for each tab."""
