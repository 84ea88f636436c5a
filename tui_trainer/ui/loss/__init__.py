"""What the Loss tab is made of: the part of the epochs that is seen, its lines, and what is told below."""
