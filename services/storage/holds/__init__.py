"""Footage kept past its retention."""
