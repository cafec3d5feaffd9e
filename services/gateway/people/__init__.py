"""People: their tokens, the console's session, the regions they see."""
