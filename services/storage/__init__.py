"""Knows what footage exists."""
