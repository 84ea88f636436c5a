"""The Live tab: the data, the network, its output and the loss, all at once."""
