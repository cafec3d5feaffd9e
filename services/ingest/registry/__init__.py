"""What is to be recorded, from where, for whom."""
