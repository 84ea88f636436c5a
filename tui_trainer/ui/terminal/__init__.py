"""What a terminal can show, and what is done where that is little."""
