"""The network in the terminal: neurons in columns, links between them, and one neuron looked at closely."""
