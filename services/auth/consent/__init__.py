"""Who may look at what is not theirs: consents of owners, grants with a purpose, what owners are told."""
