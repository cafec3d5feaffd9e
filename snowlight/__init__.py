"""Shared runtime of Snowlight's services. Knows no service."""
