"""The Landscape tab: the loss over two weights or directions."""
