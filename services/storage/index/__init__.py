"""What footage exists: commits, rows, packed days, questions."""
