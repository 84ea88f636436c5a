"""The runtime: a trainer in a process of its own, commands in, reports out."""
