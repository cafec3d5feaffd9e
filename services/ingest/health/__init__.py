"""How well each camera's stream comes (docs/health.md)."""
