"""`make demo`: a simulated village in front of Snowlight's embedded default."""
