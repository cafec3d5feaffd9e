"""Buckets and index compared: objects without rows, rows without objects."""
