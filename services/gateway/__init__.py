"""Serves people over HTTP."""
