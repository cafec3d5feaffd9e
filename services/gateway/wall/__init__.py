"""A whole wall of live pictures over one WebSocket."""
