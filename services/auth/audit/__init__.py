"""The audit: records linked into a chain by day, sealed, read, verified, and dropped by whole months."""
