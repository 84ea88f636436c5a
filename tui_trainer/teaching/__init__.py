"""What teachers need: lessons tried without a screen, and a lesson to begin with."""
