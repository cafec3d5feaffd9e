"""How the system does: online rate, integrity, cameras that are away, storage."""
