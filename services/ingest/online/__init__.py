"""How much of the time each camera was online (docs/online-rate.md)."""
