"""What was to be recorded, what was, and the cause of every gap."""
