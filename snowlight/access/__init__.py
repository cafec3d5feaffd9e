"""Verifies who calls: service tokens, people's access tokens, stream tickets."""
