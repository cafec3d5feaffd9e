"""What each camera is doing, and since when nothing is recorded of it."""
