"""Footage erased at its owner's wish, whatever its retention, but for what is held."""
