"""The door for public-security systems: `snowlight.api.access.v1` on a port of its own, by mutual TLS."""
