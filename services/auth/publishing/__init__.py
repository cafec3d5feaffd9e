"""Keys with which cameras publish."""
