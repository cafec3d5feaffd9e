"""Who may look at what is not theirs to see: consents of owners, grants with a purpose, what owners are told."""
