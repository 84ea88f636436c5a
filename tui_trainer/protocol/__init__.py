"""What the app and the trainer's process say to each other."""
