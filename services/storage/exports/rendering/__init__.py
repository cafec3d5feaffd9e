"""Recorded objects made into files that play everywhere, in a process of its own."""
