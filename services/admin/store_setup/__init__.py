"""`snowlight admin init-store`: makes object stores what Snowlight needs, and says what it changed."""
