"""A lesson of the book on the screen: where the user is in it, and the page that shows it."""
