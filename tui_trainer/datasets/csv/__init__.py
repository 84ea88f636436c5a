"""Reading CSV files: from bytes to columns."""
