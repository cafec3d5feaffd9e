"""The written policy: Cedar files in `rules/`, and what reads and asks them."""
