"""The Data tab: the dataset as a table and a scatter plot."""
