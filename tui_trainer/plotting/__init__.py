"""Drawing to characters. Nothing here knows Textual."""
