"""The Book tab: lessons."""
