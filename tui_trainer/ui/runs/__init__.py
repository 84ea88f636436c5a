"""What the Runs tab is made of: the list, the table of differences, the line to type in."""
