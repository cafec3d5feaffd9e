"""Snowlight's services, each a package that imports no other."""
