"""Connections to cameras that another worker still records: this one is about to, and shall miss nothing."""
