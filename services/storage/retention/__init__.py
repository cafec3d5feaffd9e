"""How long footage is kept, and its deletion."""
