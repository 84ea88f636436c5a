"""What the tabs show, a module a tab."""
