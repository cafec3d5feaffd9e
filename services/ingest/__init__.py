"""Takes cameras in: registry, sessions, muxing, recording."""
