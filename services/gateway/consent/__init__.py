"""Consents, grants, requests of people who were filmed, what owners are told, and dossiers, over HTTP."""
