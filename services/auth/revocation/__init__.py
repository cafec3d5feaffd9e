"""What was taken away, told to whoever lets people in."""
