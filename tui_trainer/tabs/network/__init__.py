"""The Network tab: neurons and links."""
