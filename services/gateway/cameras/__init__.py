"""Cameras: what is registered, what they do, what was recorded, and tickets for their pictures."""
