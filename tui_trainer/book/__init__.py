"""The book: lessons as data, and the code that reads and checks them. No screen, no training."""
