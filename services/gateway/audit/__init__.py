"""The audit over HTTP: pages, and files to take away."""
