"""Server-sent events: what happens, told to whom may know (docs/events.md)."""
