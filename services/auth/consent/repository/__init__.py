"""Consents and grants in SQL. Every function runs in the caller's transaction."""
