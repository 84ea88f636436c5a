"""Names, formulas and CSV files become arrays, with a description of what they mean."""
