"""What is taken away from the app, to be used elsewhere."""
