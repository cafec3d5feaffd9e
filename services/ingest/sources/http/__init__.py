"""Files over HTTP, read by a thread of its own from nowhere but the allowed networks."""
