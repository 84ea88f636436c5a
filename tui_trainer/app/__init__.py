"""The interactive app: the main screen, its parts and its dialogs."""
