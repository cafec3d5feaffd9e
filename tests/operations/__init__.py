"""The runbooks of docs/operations.md, rehearsed: their commands as they stand there, on what records."""
