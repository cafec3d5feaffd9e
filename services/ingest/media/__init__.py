"""One camera's media: time, mux, numbers, live ring."""
