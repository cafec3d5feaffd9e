"""Stream tickets: given out, decided again while they are used, woken, shared."""
