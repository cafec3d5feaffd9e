"""Cameras that publish to ingest: listeners, the check of keys, and the seats that sessions keep for them."""
